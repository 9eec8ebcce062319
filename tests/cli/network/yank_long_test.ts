/**
 * Versions that are taken back: yanked and deprecated versions as their readers see them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { eventually, type Home, newPlace } from "../../support/place.ts";

/** Runs a command with `--json`, and returns its results and its warnings. */
async function json(home: Home, args: readonly string[], cwd?: string) {
  const { code, stdout, stderr } = await home.run([...args, "--json"], { cwd });
  assert.equal(code, 0, `${args.join(" ")}: ${stdout}${stderr}`);
  const parse = (text: string) =>
    text.trimEnd().split("\n").filter(Boolean).map((one) => JSON.parse(one));
  const warnings = parse(stderr).flatMap(({ warning }) => warning ? [warning.message] : []);
  const results = parse(stdout);
  return { result: results[0], results, warnings };
}

Deno.test("a yanked version is passed over by ranges, and comes with a warning if it is named or locked", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await using daemon = await publisher.daemon();
  for (const version of ["1.0.0", "1.1.0"]) {
    await publisher.must(["publish", "-q", await place.source("pkg", version)]);
  }
  const spec = `${publisher.publicKey}/pkg`;
  // This reader has both versions before the yank: its mark is at 1.1.0, and its lock file, too.
  const early = await place.home(null);
  const project = await Deno.makeTempDir({ dir: place.path });
  await early.must(["get", "pkg"]);
  await early.must(["install", "--save", "pkg@^1"], { cwd: project });

  const yanked = await json(publisher, ["yank", "pkg@1.1.0", "--reason", "loses data"]);
  assert.deepEqual(
    [yanked.result.name, yanked.result.version, yanked.result.yanked],
    ["pkg", "1.1.0", "loses data"],
  );
  const again = await json(publisher, ["yank", "pkg@1.1.0"]);
  assert.deepEqual(again.results, [], "nothing has changed, and the reason stays");

  const fresh = await place.home(null);
  for (
    const [home, range] of [[fresh, ""], [fresh, "@^1"], [fresh, "@latest"], [early, ""], [
      early,
      "@^1",
    ]] as const
  ) {
    const { result, warnings } = await json(home, ["resolve", `pkg${range}`]);
    assert.deepEqual([result.version, result.yanked], ["1.0.0", undefined], range);
    assert.deepEqual(warnings, []);
  }
  const exact = await json(fresh, ["get", "pkg@1.1.0"]);
  assert.deepEqual([exact.result.version, exact.result.yanked], ["1.1.0", "loses data"]);
  assert.match(exact.warnings.join("\n"), /pkg@1\.1\.0 is yanked \(loses data\)/);
  const { magnet } = (await json(fresh, ["resolve", "pkg@1.1.0"])).result;
  const linked = await json(await place.home(null), ["get", magnet]);
  assert.deepEqual([linked.result.version, linked.result.yanked], ["1.1.0", "loses data"]);
  assert.match(linked.warnings.join("\n"), /pkg@1\.1\.0 is yanked/);
  const file = await json(fresh, [
    "get",
    "pkg@1.1.0",
    "--file",
    "read me.txt",
    "-o",
    `${fresh.path}-file`,
  ]);
  assert.equal(file.result.yanked, "loses data");
  const none = await fresh.run(["resolve", `${spec}@>1.0.0`]);
  assert.equal(none.code, 3, none.stderr);
  assert.match(none.stderr, /has yanked pkg@1\.1\.0.*pkg@1\.1\.0$/m);

  // A lock file still gets the version, from the store, and from the network in another home.
  const stored = await json(early, ["install"], project);
  assert.deepEqual([stored.result.version, stored.result.present], ["1.1.0", true]);
  const late = await place.home(null);
  const locked = await json(late, ["install"], project);
  assert.deepEqual(
    [locked.result.version, locked.result.present, locked.result.yanked],
    ["1.1.0", false, "loses data"],
  );
  assert.match(locked.warnings.join("\n"), /is yanked \(loses data\)/);
  // Once seen, the flag is known without the network.
  const offline = await json(late, ["install", "--frozen"], project);
  assert.deepEqual([offline.result.present, offline.result.yanked], [true, "loses data"]);

  // A range of the project now means the lower version.
  const saved = await json(early, ["install", "--save", "pkg@^1"], project);
  assert.equal(saved.result.version, "1.0.0");

  // The index of the name has the newest version that is not yanked.
  const index = await json(fresh, ["resolve", "--all", "pkg"]);
  assert.deepEqual([index.result.version, index.result.taken], ["1.0.0", "1.0.0"]);

  const undone = await json(publisher, ["yank", "--undo", "pkg@1.1.0"]);
  assert.deepEqual([undone.result.version, undone.result.yanked], ["1.1.0", undefined]);
  for (const home of [fresh, early]) {
    const { result } = await json(home, ["resolve", "pkg"]);
    assert.deepEqual([result.version, result.yanked], ["1.1.0", undefined]);
  }
  assert.equal((await json(fresh, ["resolve", "--all", "pkg"])).result.version, "1.1.0");
  await daemon.end();
});

Deno.test("with the publisher gone, a mirror's readers see what is yanked, and the mirror keeps what it has", async () => {
  await using place = await newPlace();
  const [publisher, mirror] = [await place.home(), await place.home(null)];
  const versions = () =>
    mirror.files().map((name) => /^pkg-(.*)\.tgz$/.exec(name)?.[1]).filter(Boolean).join(" ");
  await using mirroring = await mirror.daemon(["--mirror"]);
  {
    await using daemon = await publisher.daemon();
    for (const version of ["1.0.0", "1.1.0"]) {
      await publisher.must(["publish", "-q", await place.source("pkg", version)]);
    }
    await mirror.must(["follow", publisher.publicKey]);
    await eventually(() => versions() === "1.0.0 1.1.0");
    await publisher.must(["yank", "pkg@1.1.0", "--reason", "loses data"]);
    for (const version of ["1.2.0", "1.0.1"]) {
      await publisher.must(["publish", "-q", await place.source("pkg", version)]);
      if (version === "1.2.0") await publisher.must(["yank", "pkg@1.2.0"]);
    }
    await mirror.must(["follow", publisher.publicKey]);
    await eventually(() => versions() === "1.0.0 1.0.1 1.1.0");
    await daemon.end();
  }
  assert.deepEqual(
    (await mirror.must(["search", "pkg"])).trimEnd().split("\n").map((line) => {
      const [label, , , , mark] = line.split("\t");
      return [label, mark];
    }),
    [
      ["pkg@1.0.0", undefined],
      ["pkg@1.0.1", undefined],
      ["pkg@1.1.0", "yanked"],
      ["pkg@1.2.0", "yanked"],
    ],
  );
  const reader = await place.home(null);
  const ranged = await json(reader, ["get", `${publisher.publicKey}/pkg@^1`]);
  assert.equal(ranged.result.version, "1.0.1");
  const exact = await json(reader, ["get", `${publisher.publicKey}/pkg@1.1.0`]);
  assert.equal(exact.result.yanked, "loses data");
  assert.equal(versions(), "1.0.0 1.0.1 1.1.0");
  await mirroring.end();
});

Deno.test("deprecated versions are taken with a warning, without a daemon, until the message is emptied", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await using seeder = await (await place.home(null)).daemon();
  for (const version of ["1.0.0", "1.1.0", "2.0.0"]) {
    await publisher.must(["publish", "-q", await place.source("pkg", version)]);
  }
  const changed = await json(publisher, ["deprecate", "pkg@<2", "use 2.x"]);
  assert.deepEqual(changed.results.map(({ version, deprecated }) => [version, deprecated]), [
    ["1.1.0", "use 2.x"],
    ["1.0.0", "use 2.x"],
  ]);
  const reader = await place.home(null);
  const resolved = await json(reader, ["resolve", `${publisher.publicKey}/pkg@^1`]);
  assert.deepEqual([resolved.result.version, resolved.result.deprecated], ["1.1.0", "use 2.x"]);
  assert.deepEqual(resolved.warnings, ["pkg@1.1.0 is deprecated: use 2.x"]);
  await publisher.must(["deprecate", "pkg@1.1.0", ""]);
  const [one, two] = await Promise.all([
    json(await place.home(null), ["resolve", `${publisher.publicKey}/pkg@^1`]),
    json(await place.home(null), ["resolve", `${publisher.publicKey}/pkg@1.0.0`]),
  ]);
  assert.deepEqual([one.result.version, one.warnings], ["1.1.0", []]);
  assert.equal(two.result.deprecated, "use 2.x");
  await seeder.end();
});

Deno.test("flags are changed by their publisher only, for versions in its list, with a plain text", async () => {
  await using place = await newPlace();
  const [publisher, other] = [await place.home(), await place.home()];
  await publisher.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  for (
    const [home, args, code, pattern] of [
      [other, ["yank", `${publisher.publicKey}/pkg@1.0.0`], 1, /only a publisher changes/],
      [other, ["yank", "pkg@1.0.0"], 3, /lists no package named pkg/],
      [publisher, ["yank", "pkg@2.0.0"], 3, /no version of pkg for 2\.0\.0; it has 1\.0\.0/],
      [publisher, ["yank", "pkg"], 2, /names no versions/],
      [publisher, ["yank", "pkg@1.0.0", "--reason", "x".repeat(257)], 2, /257 bytes/],
      [publisher, ["yank", "pkg@1.0.0", "--reason", "a\x1b[31m"], 2, /control characters/],
      [publisher, ["yank", "--undo", "pkg@1.0.0", "--reason", "x"], 2, /takes no --reason/],
      [publisher, ["deprecate", "pkg@1.0.0", "one\ntwo"], 2, /line breaks/],
      [publisher, ["tag", "pkg@1.0.0", "v1"], 2, /looks like a version or a range/],
      [publisher, ["tag", "pkg@^1.0.0", "next"], 2, /tag NAME@VERSION TAG/],
      [publisher, ["tag", "--remove", "pkg", "next"], 3, /no tag next/],
      [publisher, ["tag", "--remove", "pkg", "latest"], 3, /is not set/],
      [publisher, ["publish", await place.source("pkg", "1.1.0"), "--tag", "x"], 2, /is no tag/],
    ] as [Home, string[], number, RegExp][]
  ) {
    const result = await home.run(args);
    assert.equal(result.code, code, `${args.join(" ")}: ${result.stderr}`);
    assert.match(result.stderr, pattern);
    assert.equal(result.stdout, "");
  }
  const { result } = await json(other, ["resolve", `${publisher.publicKey}/pkg`]);
  assert.deepEqual([result.version, result.yanked, result.deprecated, result.tags], [
    "1.0.0",
    ...[undefined, undefined, undefined],
  ]);
});

Deno.test("remove names yank for the newest version of one's own, and only for that", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await using daemon = await publisher.daemon();
  for (const version of ["1.0.0", "1.1.0"]) {
    await publisher.must(["publish", "-q", await place.source("pkg", version)]);
  }
  const older = await publisher.run(["remove", "pkg@1.0.0"]);
  assert.deepEqual([older.code, older.stderr.includes("yank")], [0, false], older.stderr);
  const newest = await publisher.run(["remove", "pkg@1.1.0"]);
  assert.equal(newest.code, 0, newest.stderr);
  assert.match(newest.stderr, /`libreseed yank pkg@1\.1\.0` keeps them from it/);
  await daemon.end();
});

Deno.test("flags that do not fit into the record are read from the catalog, also for an exact version", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await using daemon = await publisher.daemon();
  const versions = Array.from({ length: 6 }, (_, i) => `1.${i}.0`);
  const sources = await Promise.all(versions.map((version) => place.source("pkg", version)));
  await publisher.must(["publish", "-q", ...sources]);
  for (const version of versions.slice(1)) {
    await publisher.must(["yank", `pkg@${version}`, "--reason", `${version} `.repeat(40).trim()]);
  }
  const seeded = await Array.fromAsync(Deno.readDir(publisher.seed));
  assert.ok(seeded.some(({ name }) => name.endsWith(".jsonl")), "there is a catalog");
  const reader = await place.home(null);
  const spec = `${publisher.publicKey}/pkg`;
  assert.equal((await json(reader, ["resolve", spec])).result.version, "1.0.0");
  const exact = await json(await place.home(null), ["resolve", `${spec}@1.5.0`]);
  assert.match(exact.result.yanked, /^1\.5\.0 1\.5\.0/);
  // Once they fit again, the record has them.
  await publisher.must(["yank", "--undo", "pkg@<1.5"]);
  assert.equal((await json(reader, ["resolve", spec])).result.version, "1.4.0");
  const alone = await json(await place.home(null), ["resolve", `${spec}@1.5.0`]);
  assert.match(alone.result.yanked, /^1\.5\.0 1\.5\.0/);
  await daemon.end();
});

Deno.test("flags lie under the identity: a new signing key takes them over, and changes those of the old one", async () => {
  await using place = await newPlace();
  const publisher = await place.home(null);
  const root = `${publisher.path}-root.key`;
  const made = JSON.parse(await publisher.must(["keygen", "--json", "--root-out", root]));
  const spec = `${made.publicKey}/pkg`;
  await using daemon = await publisher.daemon();
  for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
    await publisher.must(["publish", "-q", await place.source("pkg", version)]);
  }
  await publisher.must(["yank", "pkg@1.2.0", "--reason", "by the old key"]);
  const before = await place.home(null);
  assert.equal((await json(before, ["resolve", spec])).result.version, "1.1.0");
  await publisher.must(["key", "rotate", "--root", root]);
  const fresh = await place.home(null);
  assert.equal((await json(fresh, ["resolve", spec])).result.version, "1.1.0");
  const changed = await json(publisher, ["yank", `${spec}@1.1.0`, "--reason", "by the new key"]);
  assert.deepEqual([changed.result.version, changed.result.yanked], ["1.1.0", "by the new key"]);
  for (const home of [before, fresh, await place.home(null)]) {
    assert.equal((await json(home, ["resolve", spec])).result.version, "1.0.0");
    for (const [version, reason] of [["1.1.0", "by the new key"], ["1.2.0", "by the old key"]]) {
      const { result } = await json(home, ["resolve", `${spec}@${version}`]);
      assert.deepEqual([result.version, result.yanked], [version, reason]);
    }
  }
  // `key rotate` has signed all versions again, so the new key takes back what the old one flagged.
  await publisher.must(["yank", "--undo", "pkg@1.2.0"]);
  assert.equal((await json(await place.home(null), ["resolve", spec])).result.version, "1.2.0");
  await daemon.end();
});
