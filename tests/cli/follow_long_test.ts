/**
 * Tests following publishers, with child processes on a testnet: `follow`, `search`, a mirror that
 * keeps seeding after the publisher's daemon has ended, and a package list that exceeds the size of
 * a record.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { catalogFileName } from "../../src/package/mod.ts";
import { freePort } from "../support/mod.ts";
import { eventually, type Home, newPlace, type Place } from "../support/place.ts";

async function publishAll(place: Place, home: Home, packages: [string, string][]) {
  const sources = await Promise.all(packages.map(([name, v]) => place.source(name, v, name + v)));
  await home.must(["publish", "-q", ...sources]);
}

const countLines = (text: string) => text.trimEnd().split("\n").length;

const archives = (home: Home) => home.files().filter((name) => name.endsWith(".tgz"));

/**
 * Lists of other publishers that `announce` keeps alive, each with the number of nodes that store
 * the list.
 */
async function listsKeptBy(home: Home): Promise<Map<string, number>> {
  const { stdout } = await home.run(["announce", "--json"]);
  const lines = stdout.trimEnd().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return new Map(
    lines.filter(({ kind, publisher }) => kind === "announce" && publisher !== undefined)
      .map(({ publisher, outcome }) => [publisher, outcome.holding]),
  );
}

/**
 * A fixed port for the daemon. The port is the same after a restart, so peer announcements from
 * before the restart stay valid.
 */
const fixedPort = async () => ["--port", `${await freePort()}`];

Deno.test("a mirror seeds a followed publisher's packages and keeps their records alive after the publisher has gone", async () => {
  await using place = await newPlace();
  const [ann, mirror, user] = [await place.home(), await place.home(null), await place.home(null)];
  const mirrors = ["--mirror", ...await fixedPort()];
  {
    await using daemon = await ann.daemon();
    await publishAll(place, ann, [["apple", "1.0.0"], ["apple", "1.1.0"], ["pear", "1.0.0"]]);
    assert.equal((await mirror.run(["search"])).code, 3);
    assert.equal(await mirror.must(["follow", ann.publicKey]), `${ann.publicKey}\t3 versions\n`);
    assert.match(await mirror.must(["following"]), /^ed25519:[^\t]+\t3 versions\t20/);
    // `search` works without a network, and finds packages in the stored list of a followed
    // publisher.
    const found = await mirror.must(["search", "app"], { env: { LIBRESEED_BOOTSTRAP: "none" } });
    assert.deepEqual(
      found.trimEnd().split("\n").map((line) => line.split("\t").slice(0, 2)),
      [["apple@1.0.0", ann.publicKey], ["apple@1.1.0", ann.publicKey]],
    );
    const [pear] = (await mirror.must(["search", "--json", "pe"])).trimEnd().split("\n");
    const { name, version, publisher, magnet } = JSON.parse(pear!);
    assert.deepEqual([name, version, publisher], ["pear", "1.0.0", ann.publicKey]);
    assert.match(magnet, /^magnet:\?xt=urn:btih:[0-9a-f]{40}/);
    const none = await mirror.run(["search", "plum"]);
    assert.deepEqual([none.code, none.stdout], [3, ""]);

    {
      await using mirroring = await mirror.daemon(mirrors);
      await eventually(() => archives(mirror).length === 3);
      await eventually(async () => (await listsKeptBy(mirror)).get(ann.publicKey)! >= 8);
      await mirroring.end();
    }
    await daemon.end();
  }
  // Only the mirror still seeds, and the DHT has lost all records.
  for (const node of place.testnet.nodes) node.storedTargets().forEach((one) => node.forget(one));
  await using mirroring = await mirror.daemon(mirrors);
  assert.equal((await listsKeptBy(mirror)).get(ann.publicKey), 8);
  const path = await user.must(["get", "apple@^1"]);
  assert.equal(path, join(user.seed, "apple-1.1.0.tgz") + "\n");
  await user.must(["install", `${ann.publicKey}/pear@*`]);

  // After `unfollow`, `search` finds nothing, but the mirrored archives stay on the disk.
  await mirror.must(["unfollow", ann.publicKey]);
  assert.equal(await mirror.must(["following"]), "");
  assert.equal((await mirror.run(["unfollow", ann.publicKey])).code, 3);
  assert.equal(archives(mirror).length, 3);
  // Removing a publisher's last package also removes the publisher's list.
  for (const spec of ["apple@1.0.0", "apple@1.1.0"]) await mirror.must(["remove", spec]);
  assert.equal((await listsKeptBy(mirror)).size, 1);
  await mirror.must(["remove", "pear@1.0.0"]);
  assert.equal((await listsKeptBy(mirror)).size, 0);
  await mirroring.end();
});

Deno.test("a mirror stops at --max-disk, and says so", async () => {
  await using place = await newPlace();
  const [ann, mirror] = [await place.home(), await place.home(null)];
  await using daemon = await ann.daemon();
  await publishAll(place, ann, [["apple", "1.0.0"], ["pear", "1.0.0"]]);
  const { size } = await Deno.stat(join(ann.seed, "apple-1.0.0.tgz"));
  // The disk limit leaves space for one and a half packages.
  const limit = `${Math.round(size * 1.5)}`;
  await using mirroring = await mirror.daemon(["--mirror", "--max-disk", limit]);
  // The `follow` command notifies the daemon, so that the test need not wait for the daemon's
  // periodic check.
  await mirror.must(["follow", ann.publicKey]);
  await mirroring.process.waitForLine(
    /not all packages of followed publishers are mirrored.*--max-disk/,
    "stderr",
  );
  await eventually(() => archives(mirror).length === 1);
  await mirroring.end();
  assert.equal(archives(mirror).length, 1);
  await daemon.end();
});

Deno.test("a list too long for a record is published as a catalog, which readers use and seed", async () => {
  await using place = await newPlace();
  const [ann, mirror, user] = [await place.home(), await place.home(null), await place.home(null)];
  // Together, sixteen names of sixty letters exceed a record's limit of 1,000 bytes.
  const names = Array.from({ length: 16 }, (_, i) => `${"long".repeat(14)}-${i + 10}`);
  const catalog = catalogFileName(ann.keys.publicKey);
  const port = await fixedPort();
  {
    // The high `--dht-rate` keeps the many announcements from delaying `publish`.
    await using daemon = await ann.daemon(["--dht-rate", "1000"]);
    await publishAll(place, ann, names.map((name) => [name, "1.0.0"]));
    await ann.must(["publish", "-q", await place.source(names[3]!, "1.2.0")]);
    assert(ann.files().includes(catalog));
    // One package is read from the catalog's index, without the catalog.
    await ann.must(["yank", "-q", `${names[3]}@1.0.0`]);
    const [pkg] = (await user.must(["follow", "--json", `${ann.publicKey}/${names[3]}`])).split(
      "\n",
    );
    assert.equal(JSON.parse(pkg!).packages, 2);
    assert.match(await user.must(["search", names[3]!]), /@1\.0\.0\t.*\tyanked\n.*@1\.2\.0\t/);
    assert.deepEqual(user.files().filter((name) => name.startsWith("catalog-")), []);
    const [line] = (await mirror.must(["follow", "--json", ann.publicKey])).split("\n");
    assert.deepEqual(JSON.parse(line!), { publisher: ann.publicKey, packages: 17 });
    assert.equal((await mirror.must(["search", "long"])).trimEnd().split("\n").length, 17);
    await using mirroring = await mirror.daemon(port);
    await mirroring.end();
    await daemon.end();
  }
  // The publisher's daemon has ended. A mirror that has downloaded the publisher's catalog now
  // seeds the catalog.
  await using mirroring = await mirror.daemon(port);
  await eventually(async () => {
    const { schedule } = JSON.parse(await mirror.must(["status", "--json"]));
    return schedule.kept > 0 && schedule.overdue === 0;
  });
  const range = `${ann.publicKey}/${names[3]}@^1`;
  const { stdout, stderr } = await user.run(["resolve", "-v", range]);
  assert.match(stdout, /"version":"1\.2\.0"/, stderr);
  // The reader takes its package from the index that the mirror has made of the catalog.
  assert.match(stderr, /^[2-9] DHT lookups, .*; 1 download, \d+ bytes$/m);
  assert.ok(!user.files().includes(catalog), user.files().join());
  assert.equal(await user.must(["search", names[3]!, "--json"]).then(countLines), 2);
  await mirroring.end();
});

Deno.test("packages of a publisher are followed within ranges, mirrored, and followed no more one by one", async () => {
  await using place = await newPlace();
  const [ann, mirror] = [await place.home(), await place.home(null)];
  await using daemon = await ann.daemon(["--dht-rate", "1000"]);
  await publishAll(place, ann, [
    ["apple", "1.0.0"],
    ["apple", "2.0.0"],
    ["apple", "2.1.0"],
    ["apple", "3.0.0-rc.1"],
    ["pear", "1.0.0"],
    ["plum", "1.0.0"],
  ]);
  await ann.must(["yank", "-q", "apple@2.1.0"]);
  const key = ann.publicKey;
  const bare = await mirror.run(["follow", "apple"]);
  assert.deepEqual([bare.code, bare.stdout], [2, ""]);
  assert.match(bare.stderr, /"apple" names no publisher\. Write KEY\/NAME/);
  assert.equal((await mirror.run(["follow", `${key}/apple@`])).code, 2);
  assert.equal((await mirror.run(["follow", "ed25519:short"])).code, 2);
  assert.equal(
    await mirror.must(["follow", `${key}/apple@^2`]),
    `${key}/apple@^2\t2 versions\n`,
  );
  const misspelt = await mirror.run(["follow", `${key}/aple`]);
  assert.deepEqual([misspelt.code, misspelt.stdout], [0, `${key}/aple\t0 versions\n`]);
  assert.match(misspelt.stderr, /the publisher lists no version of aple: check the spelling/);
  const tooHigh = await mirror.run(["follow", `${key}/apple@^9`]);
  assert.match(tooHigh.stderr, /lists no version of apple that satisfies \^9/);
  await mirror.must(["unfollow", `${key}/aple`]);
  await mirror.must(["unfollow", `${key}/apple@^9`]);
  const hex = ann.keys.publicKey.toHex();
  const [line] = (await mirror.must(["follow", "--json", `${hex}/pear`])).split("\n");
  assert.deepEqual(JSON.parse(line!), { publisher: key, name: "pear", packages: 1 });
  const found = async () =>
    (await mirror.must(["search"])).trimEnd().split("\n").map((one) => {
      const columns = one.split("\t");
      return [columns[0], columns.at(-1) === "yanked"];
    });
  assert.deepEqual(await found(), [
    ["apple@2.0.0", false],
    ["apple@2.1.0", true],
    ["pear@1.0.0", false],
  ]);
  assert.match(
    await mirror.must(["following"]),
    /^ed25519:\S+\/apple@\^2\t2 versions\t20\S+\ned25519:\S+\/pear\t1 version\t20\S+\n$/,
  );
  await using mirroring = await mirror.daemon(["--mirror"]);
  await eventually(() => archives(mirror).length === 2);
  // A version in the range comes, and a prerelease that is asked for by name.
  await mirror.must(["follow", "-q", `${key}/apple@3.0.0-rc.1`]);
  await publishAll(place, ann, [["apple", "2.2.0"], ["plum", "1.1.0"]]);
  await mirror.must(["follow", "-q", `${key}/pear`]);
  const all = ["apple-2.0.0.tgz", "apple-2.2.0.tgz", "apple-3.0.0-rc.1.tgz", "pear-1.0.0.tgz"];
  await eventually(() => archives(mirror).join() === all.join());

  const wrong = await mirror.run(["unfollow", `${key}/apple@^1`]);
  assert.equal(wrong.code, 3);
  assert.match(wrong.stderr, /apple@\^1 is not followed, but ed25519:\S+\/apple@3\.0\.0-rc\.1, /);
  await mirror.must(["unfollow", `${key}/apple`]);
  const after = (await mirror.must(["following", "--json"])).trimEnd().split("\n");
  assert.deepEqual(after.map((one) => JSON.parse(one).name), ["pear"]);
  await mirror.must(["unfollow", key]);
  assert.equal(await mirror.must(["following"]), "");
  assert.deepEqual(archives(mirror), all, "mirrored archives stay");
  await mirroring.end();
  await daemon.end();
});
