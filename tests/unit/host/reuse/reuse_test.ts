import assert from "node:assert/strict";
import { equalBytes } from "../../../../src/base/mod.ts";
import { copyRuns } from "../../../../src/host/reuse/copy_members.ts";
import { keyPairFromSeed } from "../../../../src/identity/mod.ts";
import { listed, listedArchive, noise } from "../../../support/listed_archives.ts";
import { publisher, reuseWorld } from "./reuse_world.ts";

/** Makes an archive whose members are told apart by numbers; each has some 20 KB. */
const archiveOf = (...numbers: number[]) => listedArchive(numbers.map((n) => noise(n, 20_000)));

const old = archiveOf(1, 2, 3, 4, 5, 6);
const strangerPair = keyPairFromSeed(new Uint8Array(32).fill(3));
const stranger = strangerPair.publicKey;

Deno.test("members that an archive has are copied to their places, and offered as few ranges", async () => {
  await using _ = await reuseWorld();
  await _.add("a", old);
  const wanted = archiveOf(9, 1, 2, 8, 4, 5);
  const [, first, , third, fourth] = wanted.offsets as [number, number, number, number, number];
  const { copied } = await _.begin(wanted, wanted.offsets[0]!);
  const ranges = await _.worker.offered;
  assert.deepEqual(ranges, [
    { startBytes: first, endBytes: third },
    { startBytes: fourth, endBytes: wanted.bytes.length },
  ]);
  const bytes = await Deno.readFile(_.partial);
  for (const { startBytes, endBytes } of ranges) {
    assert.ok(equalBytes(
      bytes.subarray(startBytes, endBytes),
      wanted.bytes.subarray(startBytes, endBytes),
    ));
  }
  assert.equal(copied.at(-1), ranges.reduce((sum, one) => sum + one.endBytes - one.startBytes, 0));
  assert.equal(_.worker.offers, 1);
});

Deno.test("members of several archives of other names are used", async () => {
  await using _ = await reuseWorld();
  await _.add("a", archiveOf(1, 2));
  await _.add("b", archiveOf(3, 4));
  const wanted = archiveOf(4, 1, 3, 2);
  await _.begin(wanted, wanted.offsets[0]!);
  assert.deepEqual(await _.worker.offered, [
    { startBytes: wanted.offsets[0]!, endBytes: wanted.bytes.length },
  ]);
  assert.deepEqual(await Deno.readFile(_.partial), wanted.bytes);
});

Deno.test("more of a long list is wanted, and the offer waits for it", async () => {
  await using _ = await reuseWorld();
  await _.add("a", old);
  const contents = Array.from({ length: 1_500 }, (_, n) => noise(n, 100));
  const wanted = listedArchive([...contents, noise(1, 20_000)]);
  const { reuse } = await _.begin(wanted, 1_000);
  const lengthBytes = wanted.bytes.length;
  while (_.worker.wanted.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(_.worker.offers, 0);
  await Deno.writeFile(_.partial, wanted.bytes.subarray(0, 60_000));
  // Fewer bytes than are needed change nothing.
  reuse!.advance({ readyBytes: 2_000, lengthBytes });
  reuse!.advance({ readyBytes: 60_000, lengthBytes });
  assert.deepEqual(await _.worker.offered, [
    { startBytes: wanted.offsets.at(-1)!, endBytes: lengthBytes },
  ]);
});

Deno.test("an archive without a list, or with a broken one, is fetched whole", async () => {
  for (const change of [0, 12, 30]) {
    await using _ = await reuseWorld();
    await _.add("a", old);
    const wanted = archiveOf(1, 2, 3, 4);
    wanted.bytes[change]! ^= 1;
    await _.begin(wanted, wanted.offsets[0]!);
    const ranges = await _.worker.offered;
    // A changed hash makes one member another one; elsewhere, the list is none.
    const startBytes = wanted.offsets[1]!;
    assert.deepEqual(ranges, change === 30 ? [{ startBytes, endBytes: wanted.bytes.length }] : []);
  }
});

Deno.test("nothing waits where nothing can be reused", async () => {
  await using _ = await reuseWorld();
  const wanted = archiveOf(1, 2, 3, 4);
  // The index is empty.
  assert.equal((await _.begin(wanted, 0)).reuse, undefined);
  // An archive without a list leaves it empty.
  await _.add("plain", { bytes: noise(1, 1_000) });
  await _.reuser.fill();
  assert.equal((await _.begin(wanted, 0)).reuse, undefined);
  await _.add("a", old);
  assert.ok((await _.begin(wanted, 0)).reuse);
  // A short archive.
  assert.equal((await _.begin(archiveOf(1), 0)).reuse, undefined);
});

Deno.test("nothing is reused while the setting is off", async () => {
  await using _ = await reuseWorld({ isOn: () => false });
  await _.add("a", old);
  await _.reuser.fill();
  assert.equal((await _.begin(archiveOf(1, 2, 3, 4), 0)).reuse, undefined);
});

Deno.test("an archive that is changed, cut or gone costs its own members", async () => {
  const wanted = archiveOf(1, 2, 3, 4);
  const changes: Record<string, (path: string) => Promise<void>> = {
    async changed(path) {
      const bytes = old.bytes.slice();
      bytes[old.offsets[2]! + 50]! ^= 1;
      const { mtime } = await Deno.stat(path);
      await Deno.writeFile(path, bytes);
      // The time says that nothing has changed.
      await Deno.utime(path, mtime!, mtime!);
    },
    async cut(path) {
      await Deno.truncate(path, old.offsets[2]);
    },
    gone: (path) => Deno.remove(path),
  };
  for (const [how, change] of Object.entries(changes)) {
    await using _ = await reuseWorld();
    const path = await _.add("a", old);
    await _.reuser.fill();
    await change(path);
    await _.begin(wanted, wanted.offsets[0]!);
    const [first, , third, fourth] = wanted.offsets as [number, number, number, number];
    assert.deepEqual(
      await _.worker.offered,
      how === "changed"
        ? [
          { startBytes: first, endBytes: third },
          { startBytes: fourth, endBytes: wanted.bytes.length },
        ]
        : [],
      how,
    );
  }
});

Deno.test("the beginning that a download has is not written over, whatever its list says", async () => {
  await using _ = await reuseWorld();
  await _.add("a", old);
  // The list promises members that the archive does not have.
  const lying = listedArchive(
    [1, 2, 3, 4].map((n) => noise(n + 100, 20_000)),
    (_member, n) => listed(old.members[n]!),
  );
  const readyBytes = lying.offsets[1]! + 7_000;
  await _.begin(lying, readyBytes);
  assert.deepEqual(await _.worker.offered, [
    { startBytes: readyBytes, endBytes: lying.bytes.length },
  ]);
  const bytes = await Deno.readFile(_.partial);
  assert.ok(equalBytes(bytes.subarray(0, readyBytes), lying.bytes.subarray(0, readyBytes)));
});

Deno.test("a list that names one member thousands of times is reused in few ranges", async () => {
  await using _ = await reuseWorld();
  await _.add("a", listedArchive([noise(1, 240)]));
  const wanted = listedArchive(Array.from({ length: 4_000 }, () => noise(1, 240)));
  await _.begin(wanted, wanted.offsets[0]!);
  assert.deepEqual(await _.worker.offered, [
    { startBytes: wanted.offsets[0]!, endBytes: wanted.bytes.length },
  ]);
  assert.deepEqual(await Deno.readFile(_.partial), wanted.bytes);
});

Deno.test("members of a length that the format does not make are fetched", async () => {
  await using _ = await reuseWorld();
  const long = listedArchive([noise(1, 3 << 20), noise(2, 70_000)]);
  await _.add("a", long);
  await _.begin(long, long.offsets[0]!);
  assert.deepEqual(await _.worker.offered, [
    { startBytes: long.offsets[1]!, endBytes: long.bytes.length },
  ]);
});

Deno.test("a daemon uses what it seeds, of whomever it is", async () => {
  const wanted = archiveOf(1, 2, 3, 4);
  for (const isSeeded of [true, false]) {
    await using _ = await reuseWorld({ isSeeded: (name) => isSeeded && name === "a-1.0.0.tgz" });
    await _.add("a", old);
    await _.begin(wanted, wanted.offsets[0]!, stranger);
    assert.equal((await _.worker.offered).length, isSeeded ? 1 : 0);
  }
});

Deno.test("a host that seeds nothing uses archives of the publisher alone", async () => {
  const wanted = archiveOf(1, 2, 3, 4);
  for (const [of, count] of [[publisher, 1], [stranger, 0]] as const) {
    await using _ = await reuseWorld({ isSeeded: undefined });
    await _.add("a", old);
    await _.begin(wanted, wanted.offsets[0]!, of);
    assert.equal((await _.worker.offered).length, count);
  }
  await using _ = await reuseWorld({ isSeeded: undefined });
  await _.add("a", old);
  const unknown = _.reuser.begin({
    ...{ infoHashHex: "ab".repeat(20), path: _.partial, lengthBytes: wanted.bytes.length },
    onCopied() {},
  });
  assert.equal(unknown, undefined);
});

Deno.test("a download that ends stops the copying, and nothing is offered any more", async () => {
  await using _ = await reuseWorld();
  await _.add("a", old);
  const wanted = archiveOf(1, 2, 3, 4);
  const { reuse } = await _.begin(wanted, wanted.offsets[0]!);
  await reuse!.stop();
  const size = (await Deno.stat(_.partial)).size;
  const waiting = await _.begin(wanted, 10);
  await waiting.reuse!.stop();
  assert.equal(_.worker.offers, 0);
  assert.ok(size <= wanted.bytes.length);
});

Deno.test("a stranger's list that claims members hides none of the publisher's archives", async () => {
  const lying = listedArchive(
    old.members.map((_member, n) => noise(n + 100, 20_000)),
    (_member, n) => listed(old.members[n]!),
  );
  const wanted = archiveOf(1, 2, 3, 4);
  for (const isSeeded of [() => true, undefined]) {
    await using _ = await reuseWorld({ isSeeded });
    await _.add("a", old);
    for (let n = 0; n < 10; n++) await _.add(`later-${n}`, lying, strangerPair);
    await _.begin(wanted, wanted.offsets[0]!);
    assert.deepEqual(await _.worker.offered, [
      { startBytes: wanted.offsets[0]!, endBytes: wanted.bytes.length },
    ]);
  }
});

Deno.test("members so short that asking for them costs no more are neither indexed nor copied", async () => {
  await using _ = await reuseWorld();
  const short = Array.from({ length: 3_000 }, (_, n) => noise(n, 20));
  await _.add("a", listedArchive([...short, noise("long", 20_000)]));
  await _.reuser.fill();
  const hashOf = (content: Uint8Array) => listed(listedArchive([content]).members[0]!).hash;
  assert.equal(_.state.members.find(hashOf(short[7]!)).length, 0);
  assert.equal(_.state.members.find(hashOf(noise("long", 20_000))).length, 1);
  const wanted = listedArchive([...short, noise("other", 20_000)]);
  await _.begin(wanted, wanted.offsets[0]!);
  assert.deepEqual(await _.worker.offered, []);
});

Deno.test({
  name: "a range of which writing fails is offered, so that the engine checks its pieces",
  // Elsewhere there is no file that is always full.
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using _ = await reuseWorld();
    const path = await _.add("a", old);
    const members = old.members.slice(0, 2).map(listed);
    const [startBytes, , endBytes] = old.offsets as [number, number, number];
    const run = { path, sourceAt: startBytes, targetAt: startBytes, members };
    const lengthBytes = endBytes - startBytes;
    const ranges = await copyRuns({
      runs: [{ ...run, lengthBytes }, { ...run, lengthBytes, targetAt: endBytes + 1 }],
      targetPath: "/dev/full",
      readyBytes: 0,
    });
    assert.deepEqual(ranges, [{ startBytes, endBytes }]);
  },
});

Deno.test({
  name: "nothing is written through a link in the place of the download's file",
  // Windows permits symbolic links to administrators only.
  ignore: Deno.build.os === "windows",
  async fn() {
    const wanted = archiveOf(1, 2, 3, 4);
    for (const link of [Deno.symlink, Deno.link]) {
      await using _ = await reuseWorld();
      await _.add("a", old);
      const { reuse } = await _.begin(wanted, 0);
      const outside = `${_.partial}.outside`;
      const beginning = wanted.bytes.subarray(0, wanted.offsets[0]!);
      await Deno.writeFile(outside, beginning);
      await Deno.remove(_.partial);
      await link(outside, _.partial);
      reuse!.advance({ readyBytes: beginning.length, lengthBytes: wanted.bytes.length });
      assert.deepEqual(await _.worker.offered, []);
      assert.deepEqual(await Deno.readFile(outside), beginning);
    }
  },
});

Deno.test("a file that cannot be written has everything fetched", async () => {
  await using _ = await reuseWorld();
  await _.add("a", old);
  const wanted = archiveOf(1, 2, 3, 4);
  const { reuse } = await _.begin(wanted, 0);
  await Deno.remove(_.partial);
  reuse!.advance({ readyBytes: wanted.offsets[0]!, lengthBytes: wanted.bytes.length });
  assert.deepEqual(await _.worker.offered, []);
});
