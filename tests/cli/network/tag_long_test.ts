/**
 * Tags of packages: set, listed, followed and removed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { newPlace } from "../../support/place.ts";

Deno.test("a tag leads to its version in every command, and latest follows the highest stable version until it is set", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await using daemon = await publisher.daemon();
  await publisher.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  await publisher.must(["publish", "-q", await place.source("pkg", "2.0.0-rc.1"), "--tag", "next"]);
  await publisher.must(["publish", "-q", await place.source("pkg", "1.1.0")]);
  const spec = `${publisher.publicKey}/pkg`;
  const reader = await place.home(null);
  const project = await Deno.makeTempDir({ dir: place.path });
  const versionOf = async (range: string) =>
    JSON.parse(await reader.must(["resolve", `pkg${range}`, "--json"])).version;
  assert.equal(await reader.must(["tag", spec]), "latest\t1.1.0\nnext\t2.0.0-rc.1\n");
  assert.deepEqual(
    [
      await versionOf(""),
      await versionOf("@latest"),
      await versionOf("@next"),
      await versionOf("@^1"),
    ],
    ["1.1.0", "1.1.0", "2.0.0-rc.1", "1.1.0"],
  );
  const got = JSON.parse(await reader.must(["get", `${spec}@next`, "--json"]));
  assert.deepEqual([got.version, got.tags], ["2.0.0-rc.1", ["next"]]);

  // The lock file keeps the tag as it was asked for, and the version that it led to.
  await reader.must(["install", "--save", `${spec}@next`], { cwd: project });
  const lock = JSON.parse(await Deno.readTextFile(join(project, "libreseed.lock.json")));
  assert.deepEqual(lock.requirements[spec], { package: `${spec}@2.0.0-rc.1`, range: "next" });

  await publisher.must(["publish", "-q", await place.source("pkg", "2.0.0-rc.2"), "--tag", "next"]);
  assert.equal(await versionOf("@next"), "2.0.0-rc.2");
  const frozen = JSON.parse(await reader.must(["install", "--frozen", "--json"], { cwd: project }));
  assert.equal(frozen.version, "2.0.0-rc.1");
  await reader.must(["install", "--save", `${spec}@next`], { cwd: project });
  const moved = JSON.parse(await Deno.readTextFile(join(project, "libreseed.lock.json")));
  assert.equal(moved.requirements[spec].package, `${spec}@2.0.0-rc.2`);

  // A reader that has had 1.1.0 follows latest down, since the publisher has set it.
  await reader.must(["get", "pkg"]);
  await publisher.must(["tag", "pkg@1.0.0", "latest"]);
  assert.deepEqual([await versionOf(""), await versionOf("@latest"), await versionOf("@^1")], [
    ...["1.0.0", "1.0.0", "1.1.0"],
  ]);
  await reader.must(["get", "pkg"]);
  const listed = (await publisher.must(["tag", "pkg", "--json"])).trimEnd().split("\n");
  assert.deepEqual(listed.map((line) => JSON.parse(line)), [
    { name: "pkg", tag: "latest", version: "1.0.0", isSet: true },
    { name: "pkg", tag: "next", version: "2.0.0-rc.2", isSet: true },
  ]);
  await publisher.must(["tag", "--remove", "pkg", "latest"]);
  assert.equal(await versionOf(""), "1.1.0");

  const unknown = await reader.run(["resolve", "pkg@nxt"]);
  assert.equal(unknown.code, 3, unknown.stderr);
  assert.match(
    unknown.stderr,
    /has no tag nxt of pkg; its tags are latest, next\. Did you mean next\?/,
  );

  // A tag does not lead to a yanked version.
  const yanked = await publisher.run(["yank", "pkg@2.0.0-rc.2"]);
  assert.match(yanked.stderr, /the tag next names pkg@2\.0\.0-rc\.2, which is yanked/);
  const refused = await reader.run(["resolve", "pkg@next"]);
  assert.equal(refused.code, 3, refused.stderr);
  assert.match(refused.stderr, /has yanked pkg@2\.0\.0-rc\.2/);
  const tagged = await publisher.run(["tag", "pkg@2.0.0-rc.2", "beta"]);
  assert.equal(tagged.code, 1, tagged.stderr);
  assert.match(tagged.stderr, /yank --undo pkg@2\.0\.0-rc\.2/);
  await daemon.end();
});

Deno.test("a package may depend on a tag of another", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await using daemon = await publisher.daemon();
  for (const [version, tag] of [["1.0.0", "lts"], ["2.0.0", undefined]] as const) {
    const tagging = tag === undefined ? [] : ["--tag", tag];
    await publisher.must(["publish", "-q", await place.source("lib", version), ...tagging]);
  }
  const app = await place.source("app", "1.0.0");
  await Deno.writeTextFile(
    join(app, "package.json"),
    JSON.stringify({ name: "app", version: "1.0.0", libreseed: { dependencies: { lib: "lts" } } }),
  );
  await publisher.must(["publish", "-q", app]);
  const reader = await place.home(null);
  const project = await Deno.makeTempDir({ dir: place.path });
  await reader.must(["install", "--save", `${publisher.publicKey}/app`], { cwd: project });
  const { packages } = JSON.parse(await Deno.readTextFile(join(project, "libreseed.lock.json")));
  assert.deepEqual(Object.keys(packages).sort(), [
    `${publisher.publicKey}/app@1.0.0`,
    `${publisher.publicKey}/lib@1.0.0`,
  ]);
  await reader.must(["install", "--frozen"], { cwd: project });
  await daemon.end();
});
