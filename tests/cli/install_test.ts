/**
 * Tests `libreseed install`, `uninstall`, `link` and `store` with child processes on a testnet.
 * `network/install_test.ts` has those that need more than one home or a daemon.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { failed, listed, project, source, strays } from "../support/installing.ts";
import { newPlace } from "../support/place.ts";

Deno.test("install resolves a package and its dependencies, prints the path, and works offline the second time", async () => {
  await using place = await newPlace();
  const [publisher, user] = [await place.home(), await place.home(null)];
  await publisher.must([
    "publish",
    await source(place, "app@1.0.0", { dependencies: { "@s/lib": "^1", base: "^1" } }),
    await source(place, "@s/lib@1.2.0", { dependencies: { base: "~1.0" } }),
    await source(place, "base@1.0.3"),
    await source(place, "app@0.9.0"),
  ]);
  await using daemon = await publisher.daemon();
  const cwd = await project(place);

  const { code, stdout, stderr } = await user.run(["install", "-v", "app@^1"], { cwd });
  assert.equal(code, 0, stderr);
  const path = stdout.trimEnd();
  assert.match(path, new RegExp(`^${user.path}/packages/[0-9a-f]{64}/package$`));
  assert.equal(await Deno.readTextFile(join(path, "index.js")), "// app@1.0.0\n");
  assert.match(stderr, /\d+ DHT lookups, .* downloads, \d+ bytes/);
  assert.match(stderr, /with dependencies: 3 in all, 3 new in the store/);
  assert.ok(stderr.includes(`first use of app: pinned to ${publisher.publicKey}`), stderr);
  // Without `--save`, `install` does not change the project's files.
  assert.deepEqual([...Deno.readDirSync(cwd)], []);

  await daemon.end();
  const away = { env: { LIBRESEED_DHT: "false", LIBRESEED_TIMEOUT: "1s" } };
  const again = await user.run(["install", "-v", "app@1.0.0"], away);
  assert.deepEqual([again.code, again.stdout], [0, stdout], again.stderr);
  assert.match(again.stderr, /the network was not needed/);
  assert.match(again.stderr, /app@1\.0\.0 is in the store already/);
  const json = JSON.parse(await user.must(["install", "--json", "-q", "app@1.0.0"], away));
  assert.deepEqual(
    { ...json, sha256: json.sha256.length },
    {
      name: "app",
      version: "1.0.0",
      publisher: publisher.publicKey,
      path,
      sha256: 64,
      present: true,
      dependencies: 2,
      ...{ reusedBytes: 0, fetchedBytes: 0 },
    },
  );
  assert.deepEqual(await listed(user), ["@s/lib@1.2.0", "app@1.0.0", "base@1.0.3"]);
  // A version range can only be resolved over the network. Here no DHT node answers, so the command
  // fails.
  assert.equal((await user.run(["install", "app@^1"], away)).code, 5);
});

Deno.test("contradictory arguments of install are usage errors without network use", async () => {
  await using place = await newPlace({ nodes: 1 });
  const user = await place.home(null);
  const cwd = await project(place);
  const cases: [args: string[], code: number, part: string][] = [
    [["install", "Not A Name"], 2, "Not A Name"],
    [["install", "a@not a range"], 2, "not a range"],
    [["install", "a@^1", "a@^2"], 2, "a is both ^1 and ^2"],
    [["install", "--save"], 2, "--save"],
    [["install", "--save", "--frozen", "a"], 2, "--frozen"],
    [["install"], 3, "libreseed.lock.json"],
    [["install", "--frozen", "a"], 3, "libreseed.lock.json"],
    [["uninstall", "a"], 3, "a is not in the store"],
    [["uninstall", "--save", "a"], 3, "libreseed.lock.json"],
    [["link", "a"], 3, "libreseed install a"],
    [["store", "verify", "a"], 3, "a is not in the store"],
    [["store", "tidy"], 2, "tidy"],
    [["store", "list", "--dry-run"], 2, "--dry-run"],
    [["store", "prune", "a"], 2, "prune"],
  ];
  await Promise.all(cases.map(async ([args, code, part]) => {
    failed(await user.run(args, { cwd }), code, part);
  }));
  await Deno.writeTextFile(join(cwd, "libreseed.lock.json"), '{"lockfileVersion":1}');
  failed(await user.run(["install"], { cwd }), 1, "libreseed.lock.json", "packages");
  for (const action of ["list", "verify", "prune"]) {
    assert.equal(await user.must(["store", action]), "");
  }
});

Deno.test("a manipulated lock file is refused", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await publisher.must(["publish", await source(place, "app@1.0.0")]);
  const cwd = await project(place);
  const lockPath = join(cwd, "libreseed.lock.json");
  // The publisher's own seed directory holds the archive, so `install` needs no network.
  await publisher.must(["install", "--save", `${publisher.publicKey}/app@1.0.0`], { cwd });
  const lock = await Deno.readTextFile(lockPath);
  const user = await place.home(null);
  await Deno.writeTextFile(lockPath, lock.replace(/sha256:..../, "sha256:0000"));
  failed(await user.run(["install"], { cwd }), 4, lockPath, "not what its publisher signed");
  assert.deepEqual(await listed(user), []);
});

Deno.test("a lock file with another publisher than the pinned one is refused until it is trusted", async () => {
  await using place = await newPlace({ nodes: 1 });
  const [publisher, user, other] = [await place.home(), await place.home(null), await place.home()];
  const packed = await publisher.must(["pack", await source(place, "app@1.0.0")], {
    cwd: place.path,
  });
  const cwd = await project(place);
  await publisher.must(["add", packed.trimEnd()]);
  await publisher.must(["trust", "add", "app", publisher.publicKey]);
  await publisher.must(["install", "--save", "app@1.0.0"], { cwd });
  // The user's seed directory holds the archive too, so `install` needs no network.
  await user.must(["add", packed.trimEnd()]);
  await user.must(["trust", "add", "app", other.publicKey]);
  for (const args of [["install"], ["install", "--frozen", "app"]]) {
    failed(
      await user.run(args, { cwd }),
      4,
      join(cwd, "libreseed.lock.json"),
      other.publicKey,
      `libreseed trust add app ${publisher.publicKey}`,
    );
  }
  assert.deepEqual(await listed(user), []);
  await user.must(["trust", "add", "app", publisher.publicKey]);
  await user.must(["install", "--frozen"], { cwd });
  assert.deepEqual(await listed(user), ["app@1.0.0"]);
  const trusted = (await user.must(["trust", "list", "app"])).trimEnd().split("\n");
  assert(trusted.length === 2 && trusted.every((line) => line.endsWith("\tby hand")), `${trusted}`);
});

Deno.test("a signal ends install, and no partial package is left", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  const files = { "large.bin": crypto.getRandomValues(new Uint8Array(65_536)) };
  // A file large enough that a signal can arrive while the file is being unpacked.
  const large = new Uint8Array(64 << 20);
  for (let at = 0; at < large.length; at += files["large.bin"].length) {
    large.set(files["large.bin"], at);
  }
  await publisher.must([
    "publish",
    await source(place, "app@1.0.0", { files: { "large.bin": large } }),
  ]);
  const spec = `${publisher.publicKey}/app@1.0.0`;
  const killed = { SIGINT: 130, SIGTERM: 143, SIGKILL: 137 } as const;
  for (const [signal, code] of Object.entries(killed)) {
    // On a busy machine the signal may arrive after the installation has ended. The test then tries
    // again.
    for (let tries = 1;; tries++) {
      await using install = publisher.spawn(["install", "-v", spec]);
      await install.waitForLine(/^unpacking app@1\.0\.0$/, "stderr");
      install.kill(signal as keyof typeof killed);
      const result = await install.result;
      if (result.code === 0 && tries < 20) {
        await Deno.remove(join(publisher.path, "packages"), { recursive: true });
        continue;
      }
      assert.deepEqual([result.code, result.stdout], [code, ""], result.stderr);
      break;
    }
    assert.deepEqual(await listed(publisher), []);
    // SIGKILL leaves temporary files behind, which the next `install` removes.
    if (signal !== "SIGKILL") assert.deepEqual(strays(publisher), []);
  }
  await publisher.must(["install", spec]);
  assert.deepEqual([await listed(publisher), strays(publisher)], [["app@1.0.0"], []]);
});
