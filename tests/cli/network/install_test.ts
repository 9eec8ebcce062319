/** Tests `libreseed install`, `uninstall`, `link` and `store` beside the daemon of a publisher. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { formatBytes } from "../../../src/base/mod.ts";
import { failed, listed, project, source, strays } from "../../support/installing.ts";
import { overwrite } from "../../support/mod.ts";
import { eventually, newPlace } from "../../support/place.ts";

Deno.test("a failed installation names the package and leaves the store unchanged", async () => {
  await using place = await newPlace();
  const [publisher, user] = [await place.home(), await place.home(null)];
  await publisher.must([
    "publish",
    await source(place, "app@1.0.0", { dependencies: { gone: "^3" } }),
    await source(place, "old@1.0.0"),
  ]);
  await using _daemon = await publisher.daemon();
  const key = publisher.publicKey;
  failed(await user.run(["install", "app"]), 3, "gone@^3, which app@1.0.0 needs");
  failed(await user.run(["install", `${key}/nothing`]), 3, "nothing");
  failed(await user.run(["install", `${key}/old@^2`]), 3, "old", "1.0.0");
  assert.deepEqual(await listed(user), []);
  assert.deepEqual(strays(user), []);
});

Deno.test("a project can save, link, reinstall from its lock file, verify, prune and uninstall", async () => {
  await using place = await newPlace();
  const [publisher, user, other] = [
    await place.home(),
    await place.home(null),
    await place.home(null),
  ];
  await publisher.must([
    "publish",
    await source(place, "app@1.0.0", { dependencies: { lib: "^1" } }),
    await source(place, "lib@1.0.0"),
    await source(place, "tool@1.0.0"),
  ]);
  await using _daemon = await publisher.daemon();
  const key = publisher.publicKey;
  const cwd = await project(place);
  const lockPath = join(cwd, "libreseed.lock.json");
  const path = (await user.must(["install", "--save", "app@^1"], { cwd })).trimEnd();
  const lock = await Deno.readTextFile(lockPath);
  assert.deepEqual(JSON.parse(lock).requirements, {
    app: { package: `${key}/app@1.0.0`, range: "^1" },
  });
  const link = (await user.must(["link", "app"], { cwd })).trimEnd();
  assert.equal(link, join(cwd, "node_modules", "app"));
  assert.equal(await Deno.realPath(link), path);

  // A newer published version does not change an installation that follows the lock file.
  await publisher.must([
    "publish",
    await source(place, "app@1.1.0"),
    await source(place, "lib@1.1.0"),
  ]);
  const locked = await other.must(["install", "--frozen"], { cwd });
  assert.equal(locked.split("/").slice(-2).join("/"), path.split("/").slice(-2).join("/") + "\n");
  assert.deepEqual(await listed(other), ["app@1.0.0", "lib@1.0.0"]);
  assert.equal(await Deno.readTextFile(lockPath), lock);
  failed(await other.run(["install", "--frozen", "tool"], { cwd }), 3, "does not hold tool", "app");

  const verdicts = await user.run(["store", "verify"]);
  assert.deepEqual([verdicts.code, verdicts.stdout], [
    0,
    `app@1.0.0 ${key}: ok\nlib@1.0.0 ${key}: ok\n`,
  ]);
  await overwrite(join(path, "index.js"), "altered\n");
  const some = await user.run(["store", "verify"]);
  assert.equal(some.code, 7);
  assert.ok(some.stdout.includes(`${path}/index.js was altered`), some.stdout);
  assert.equal((await user.run(["store", "verify", "app"])).code, 4);
  await user.must(["install", "--force"], { cwd });
  await user.must(["store", "verify"]);

  await user.must(["install", "-q", `${key}/tool@1.0.0`]);
  assert.equal(await user.must(["store", "prune"]), "");
  await user.must(["uninstall", "tool"]);
  failed(await user.run(["uninstall", "app"]), 1, lockPath);
  await user.must(["uninstall", "--save", "app"], { cwd });
  // The project's link still refers to the package, so `prune` keeps the package.
  assert.equal(await user.must(["store", "prune", "--dry-run"]), "");
  await Deno.remove(link);
  const gone = `app@1.0.0 ${key}\nlib@1.0.0 ${key}\n`;
  assert.equal(await user.must(["store", "prune", "--dry-run"]), gone);
  assert.equal(await user.must(["store", "prune"]), gone);
  assert.deepEqual(await listed(user), []);
});

Deno.test("concurrent installs, with and without a daemon, all succeed with one stored package", async () => {
  await using place = await newPlace();
  const [publisher, user] = [await place.home(), await place.home(null)];
  await publisher.must([
    "publish",
    await source(place, "app@1.0.0", { dependencies: { lib: "*" } }),
  ]);
  await publisher.must(["publish", await source(place, "lib@1.0.0")]);
  await using _daemon = await publisher.daemon();
  const paths = await Promise.all(
    ["app", "app", "app@1.0.0"].map((spec) => user.must(["install", spec])),
  );
  assert.equal(new Set(paths).size, 1);
  assert.deepEqual([await listed(user), strays(user)], [["app@1.0.0", "lib@1.0.0"], []]);

  // The daemon seeds packages that were installed while the daemon was running.
  const seeder = await place.home(null);
  await using _second = await seeder.daemon();
  await seeder.must(["install", "app"]);
  await eventually(async () => {
    const seeding = (await seeder.must(["list", "--json"])).trimEnd().split("\n")
      .map((line) => JSON.parse(line)).filter((one) => one.seeding);
    return seeding.length === 2;
  });
});

Deno.test("an upgrade writes only the files that changed, and a repair only the damaged one", async () => {
  await using place = await newPlace();
  const [publisher, user] = [await place.home(), await place.home(null)];
  const large = "text of a file that stays\n".repeat(10_000);
  const files = (version: string) => ({ "large.txt": large, "index.js": `// ${version}\n` });
  const publish = async (spec: string) =>
    await publisher.must(["publish", await source(place, spec, { files: files(spec) })]);
  await publish("app@1.0.0");
  await using _daemon = await publisher.daemon();
  const old = (await user.must(["install", "app@1.0.0"])).trimEnd();
  await publish("app@1.1.0");
  const { stderr } = await user.run(["upgrade", "-v"]);
  const linked = `app@1.1.0: 1 file (${
    formatBytes(large.length)
  }) linked to files that the store has`;
  assert.ok(stderr.includes(linked), stderr);
  const [, path] = (await user.must(["store", "list", "--json"])).trimEnd().split("\n")
    .map((line) => JSON.parse(line)).map((one) => {
      assert.equal(one.sharedBytes, large.length);
      return one.path as string;
    });
  const inode = async (tree: string) => (await Deno.stat(join(tree, "large.txt"))).ino;
  assert.equal(await inode(path!), await inode(old));

  await overwrite(join(path!, "large.txt"), "altered");
  const verified = await user.run(["store", "verify"]);
  assert.equal(verified.code, 4, verified.stderr);
  const before = (await Deno.stat(join(path!, "index.js"))).ino;
  await user.must(["install", "--force", "app@1.1.0"]);
  assert.equal((await Deno.stat(join(path!, "index.js"))).ino, before);
  assert.equal((await user.run(["store", "verify"])).code, 7);
  const repaired = await user.run(["store", "verify", "--repair", "--json"]);
  assert.equal(repaired.code, 0, repaired.stderr);
  assert.deepEqual(
    repaired.stdout.trimEnd().split("\n").map((line) => JSON.parse(line).repaired),
    [true, undefined],
  );
  assert.equal((await user.run(["store", "verify"])).code, 0);
  assert.equal(await inode(path!), await inode(old));
});
