/** Tests `libreseed add`, `list`, `remove` and `stop` by running the program as a child process. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { freePort, isFree } from "../../support/mod.ts";
import { newPlace } from "../../support/place.ts";

Deno.test("remove deletes the archive and its records, and reports an unknown package", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await using daemon = await home.daemon();
  const sources = [await place.source("a", "1.0.0"), await place.source("b", "1.0.0")];
  await home.must(["publish", "-q", ...sources]);
  const { code, stdout, stderr } = await home.run(["remove", "a@1.0.0"]);
  assert.deepEqual([code, stdout], [0, ""], stderr);
  assert.match(stderr, /^removed a@1\.0\.0\n.*`libreseed yank a@1\.0\.0` keeps them from it\n$/);
  assert.deepEqual(home.files().filter((name) => name.startsWith("a-")), []);
  const listed = await home.must(["list"]);
  assert(!listed.includes("a@1.0.0") && listed.includes("b@1.0.0"), listed);
  assert(!(await home.must(["announce"])).includes("a@1.0.0"));
  // `remove` does not delete the copies of the record that DHT nodes hold.
  assert.equal(home.holders("a", "1.0.0").length, 8);
  assert.equal((await home.run(["remove", "a@1.0.0"])).code, 3);

  // `remove` deletes the home's records even if the archive was deleted by hand.
  await Deno.remove(join(home.seed, "b-1.0.0.tgz"));
  await home.must(["remove", "b@1.0.0"]);
  assert.equal((await home.run(["announce", "b@1.0.0"])).code, 3);
  for (const what of ["a", "a@^1", "No Name@1.0.0"]) {
    const bad = await home.run(["remove", what]);
    assert.deepEqual([bad.code, bad.stdout], [2, ""], bad.stderr);
  }
  await daemon.end();
});

Deno.test("add seeds another publisher's archive without a key, and keeps its record alive", async () => {
  await using place = await newPlace();
  const [publisher, home] = [await place.home(), await place.home(null)];
  await publisher.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  const archive = join(publisher.seed, "pkg-1.0.0.tgz");
  await using daemon = await home.daemon();
  const path = join(home.seed, "pkg-1.0.0.tgz");
  assert.equal(await home.must(["add", archive]), `${path}\n`);
  assert.match(await home.must(["list"]), /^pkg@1\.0\.0 +\d+ +seeding +ed25519:/);
  for (const node of publisher.holders("pkg", "1.0.0")) {
    node.forget(publisher.target("pkg", "1.0.0"));
  }
  assert.match(await home.must(["announce", "pkg"]), /^pkg@1\.0\.0\tstored on 8 nodes \(8 new\)$/m);
  assert.equal(publisher.holders("pkg", "1.0.0").length, 8);

  const lonely = join(place.path, "lonely.tgz");
  await Deno.copyFile(archive, lonely);
  const bare = await home.run(["add", lonely]);
  assert.deepEqual([bare.code, bare.stdout], [2, ""]);
  assert(bare.stderr.includes(join(place.path, "lonely.minimal.json")), bare.stderr);
  await Deno.copyFile(
    join(publisher.seed, "pkg-1.0.0.minimal.json"),
    join(place.path, "lonely.minimal.json"),
  );
  const bytes = await Deno.readFile(lonely);
  bytes[bytes.length >> 1]! ^= 1;
  await Deno.writeFile(lonely, bytes);
  const spoilt = await home.run(["add", lonely]);
  assert.deepEqual([spoilt.code, spoilt.stdout], [4, ""]);
  assert(spoilt.stderr.includes(lonely), spoilt.stderr);
  assert.equal(home.files().length, 3);
  const nothing = await home.run(["add", "nowhere.tgz"]);
  assert.deepEqual([nothing.code, nothing.stdout], [3, ""], nothing.stderr);
  await daemon.end();
});

Deno.test("archives of two publishers with one name and version are seeded, and removed by key", async () => {
  await using place = await newPlace();
  const [ann, bob, home] = [await place.home(), await place.home(), await place.home(null)];
  const sources = await Promise.all(["ann's\n", "bob's\n"].map((text) => {
    return place.source("pkg", "1.0.0", text);
  }));
  await ann.must(["publish", "-q", sources[0]!]);
  await bob.must(["publish", "-q", sources[1]!]);
  await using daemon = await home.daemon();
  for (const { seed } of [ann, bob]) await home.must(["add", join(seed, "pkg-1.0.0.tgz")]);
  const paths = new Map<string, string>();
  for (const line of (await home.must(["list", "--json"])).trimEnd().split("\n")) {
    const { publisher, path, seeding, infoHash } = JSON.parse(line);
    assert(seeding, line);
    const { btih } = JSON.parse(await Deno.readTextFile(path.replace(".tgz", ".minimal.json")));
    assert.equal(infoHash, btih);
    paths.set(publisher, path);
  }
  // A request with a publisher's key gets the package of that publisher.
  for (const { seed } of [ann, bob]) await Deno.remove(seed, { recursive: true });
  const reader = await place.home(null);
  for (const [i, { publicKey }] of [ann, bob].entries()) {
    const out = join(place.path, `out-${i}`);
    await reader.must(["get", "-q", `${publicKey}/pkg@1.0.0`, "-o", out]);
    assert.equal(await Deno.readTextFile(join(out, "read me.txt")), ["ann's\n", "bob's\n"][i]);
  }
  const which = await home.run(["remove", "pkg@1.0.0"]);
  assert.deepEqual([which.code, which.stdout], [2, ""]);
  assert(which.stderr.includes(ann.publicKey) && which.stderr.includes(bob.publicKey));
  await home.must(["remove", `${ann.publicKey}/pkg@1.0.0`]);
  assert(!existsSync(paths.get(ann.publicKey)!) && existsSync(paths.get(bob.publicKey)!));
  assert.equal((await home.run(["remove", `${ann.publicKey}/pkg@1.0.0`])).code, 3);
  const records = (await home.must(["announce", "--json", "pkg"])).trimEnd().split("\n")
    .map((line) => JSON.parse(line)).filter(({ kind }) => kind === "manifest");
  assert.deepEqual(records.map(({ target }) => target), [bob.target("pkg", "1.0.0")]);
  await home.must(["remove", "pkg@1.0.0"]);
  assert.equal(await home.must(["list"]), "");
  await daemon.end();
});

Deno.test("list shows packages and their problems, with and without a daemon", async () => {
  await using place = await newPlace({ nodes: 1 });
  const home = await place.home();
  const empty = await home.run(["list"]);
  assert.deepEqual([empty.code, empty.stdout], [0, ""]);
  assert(empty.stderr.includes(home.seed), empty.stderr);
  assert.deepEqual(home.files(), []);

  await home.must(["publish", "-q", await place.source("@s/pkg", "1.0.0-rc.1")]);
  await Deno.writeTextFile(join(home.seed, "stray.tgz"), "x");
  const lines = (await home.must(["list"])).trimEnd().split("\n");
  assert.match(
    lines[0]!,
    new RegExp(`^@s/pkg@1\\.0\\.0-rc\\.1 +\\d+ +idle +${RegExp.escape(home.publicKey)}$`),
  );
  assert.match(lines[1]!, /^stray\.tgz +1 +problem +.*stray\.minimal\.json/);
  const [good, bad] = (await home.must(["list", "--json"])).trimEnd().split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual([good.name, good.version, good.seeding, good.problem], [
    ...["@s/pkg", "1.0.0-rc.1", false, undefined],
  ]);
  assert.deepEqual([bad.name, bad.seeding, typeof bad.problem], ["stray.tgz", false, "string"]);
});

Deno.test("stop stops the daemon and waits for its end", async () => {
  await using place = await newPlace();
  const home = await place.home(null);
  const none = await home.run(["stop"]);
  assert.deepEqual([none.code, none.stdout], [3, ""]);
  await using daemon = await home.daemon(["--port", `${await freePort()}`]);
  const { code, stdout, stderr } = await home.run(["stop"]);
  assert.deepEqual([code, stdout, stderr], [0, "", `stopped process ${daemon.process.pid}\n`]);
  assert(!existsSync(join(home.path, "control.sock")));
  assert(await isFree(daemon.port));
  assert.equal((await daemon.process.result).code, 0);
  await using again = await home.daemon();
  assert.deepEqual(JSON.parse(await home.must(["stop", "--json", "-q"])), {
    stopped: true,
    pid: again.process.pid,
  });
});
