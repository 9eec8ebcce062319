/**
 * Activation and deactivation of seeded torrents, with fake torrents and a fake clock.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import { join } from "node:path";
import type { Torrent } from "../../../src/engine/libraries/webtorrent/webtorrent_types.ts";
import { Seeds } from "../../../src/engine/seeds.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { temporaryHome } from "../../support/mod.ts";

const MINUTE_MS = 60_000;

/**
 * Returns the infohash of the archive with the number `n`. The archive's `.torrent` contains the
 * same number.
 */
function hashOf(n: number): string {
  return n.toString(16).padStart(40, "0");
}

function order(n: number, torrent = Uint8Array.of(n >> 8, n & 255)) {
  return { infoHashHex: hashOf(n), filePath: `/seed/${n}.tgz`, torrent, lengthBytes: n };
}

class FakeTorrent extends EventEmitter {
  readonly infoHash: string;
  destroyed = false;
  numPeers = 0;
  uploaded = 0;
  received = 0;
  uploadSpeed = 0;
  downloadSpeed = 0;

  constructor(infoHash: string) {
    super();
    this.infoHash = infoHash;
    queueMicrotask(() => this.emit("ready"));
  }

  destroy(_options: unknown, done: () => void): void {
    this.destroyed = true;
    this.emit("close");
    queueMicrotask(done);
  }
}

function seedsOf(count: number) {
  const clock = new FakeClock();
  const made: FakeTorrent[] = [];
  const unreadable: string[] = [];
  const seeds = new Seeds({
    clock,
    add([high, low]) {
      const torrent = new FakeTorrent(hashOf(high! * 256 + low!));
      made.push(torrent);
      return torrent as unknown as Torrent;
    },
    onUnreadable: (infoHashHex) => unreadable.push(infoHashHex),
  });
  const awake = () => made.filter(({ destroyed }) => !destroyed);
  const added = Promise.all(Array.from({ length: count }, (_, n) => seeds.add(order(n))));
  return added.then(() => ({ clock, made, unreadable, seeds, awake }));
}

Deno.test("an unwanted archive creates no torrent and no timer", async () => {
  const { clock, made, seeds } = await seedsOf(1_000);
  assert.deepEqual([made.length, clock.timers, [...seeds.statuses()].length], [0, 0, 1_000]);
});

Deno.test("the torrent beside the archive is read if no other is given, at each waking", async () => {
  await using directory = await temporaryHome();
  const { made, unreadable, seeds } = await seedsOf(0);
  const filePath = join(directory.path, "a-1.0.0.tgz");
  await seeds.add({ infoHashHex: hashOf(7), filePath, lengthBytes: 1 });
  assert.equal(await seeds.wake(hashOf(7)), undefined);
  assert.deepEqual([made.length, unreadable], [0, [hashOf(7)]]);
  await Deno.writeFile(join(directory.path, "a-1.0.0.torrent"), Uint8Array.of(0, 7));
  assert.equal((await seeds.wake(hashOf(7)))?.infoHash, hashOf(7));
});

Deno.test("two peers that want an archive at once get the same torrent", async () => {
  const { made, seeds } = await seedsOf(3);
  const [one, other] = await Promise.all([seeds.wake(hashOf(2)), seeds.wake(hashOf(2))]);
  assert.equal(one, other);
  assert.equal(made.length, 1);
  assert.equal(await seeds.wake("ff".repeat(20)), undefined);
});

Deno.test("at most 64 idle torrents stay awake, and torrents with peers are not put to sleep", async () => {
  const { seeds, awake } = await seedsOf(500);
  const busy = await seeds.wake(hashOf(0));
  busy!.numPeers = 1;
  for (let n = 1; n < 500; n++) {
    await seeds.wake(hashOf(n));
    await settle();
  }
  assert.ok(awake().length <= 70, `${awake().length} are awake`);
  assert.equal(busy!.destroyed, false);
});

Deno.test("a torrent sleeps two minutes after its last peer, and keeps its transfer totals", async () => {
  const { clock, seeds, awake } = await seedsOf(1);
  const torrent = (await seeds.wake(hashOf(0)))!;
  torrent.numPeers = 1;
  await clock.advance(10 * MINUTE_MS);
  assert.equal(awake().length, 1);
  Object.assign(torrent, { numPeers: 0, uploaded: 7, received: 3 });
  await clock.advance(3 * MINUTE_MS);
  assert.deepEqual([awake().length, clock.timers], [0, 0]);
  Object.assign((await seeds.wake(hashOf(0)))!, { uploaded: 5 });
  const [status] = [...seeds.statuses()];
  assert.deepEqual([status!.uploadedBytes, status!.downloadedBytes], [12, 3]);
});

Deno.test("a .torrent with another infohash is reported, and can be replaced by a valid one", async () => {
  const { clock, seeds, unreadable, awake } = await seedsOf(2);
  await seeds.add(order(0, Uint8Array.of(0, 1)));
  assert.equal(await seeds.wake(hashOf(0)), undefined);
  assert.deepEqual([unreadable, awake().length, clock.timers], [[hashOf(0)], 0, 0]);
  await seeds.add(order(0));
  assert.equal((await seeds.wake(hashOf(0)))?.infoHash, hashOf(0));
});

Deno.test("a removed archive is neither listed nor woken", async () => {
  const { clock, seeds, awake } = await seedsOf(2);
  await seeds.wake(hashOf(1));
  await seeds.remove(hashOf(0));
  await seeds.remove(hashOf(1));
  assert.equal(await seeds.wake(hashOf(0)), undefined);
  assert.equal(await seeds.wake(hashOf(1)), undefined);
  assert.deepEqual([awake().length, clock.timers, [...seeds.statuses()]], [0, 0, []]);
});

Deno.test("an obfuscated hash finds its archive, also one added later", async () => {
  const { seeds } = await seedsOf(20);
  const obfuscated = (infoHashHex: string) =>
    createHash("sha1").update("req2").update(infoHashHex, "hex").digest("hex");
  assert.equal(seeds.findObfuscated(obfuscated(hashOf(7)), []), hashOf(7));
  assert.equal(seeds.findObfuscated(obfuscated(hashOf(20)), []), undefined);
  assert.equal(seeds.findObfuscated(obfuscated(hashOf(20)), [hashOf(20)]), hashOf(20));
  await seeds.add(order(20));
  await seeds.remove(hashOf(7));
  assert.equal(seeds.findObfuscated(obfuscated(hashOf(20)), []), hashOf(20));
  assert.equal(seeds.findObfuscated(obfuscated(hashOf(7)), []), undefined);
});

Deno.test("an archive that was verified at an earlier start does not wake once its file has changed", async () => {
  await using directory = await temporaryHome();
  const { made, unreadable, seeds } = await seedsOf(0);
  const filePath = join(directory.path, "a b-1.0.0.tgz");
  await Deno.writeTextFile(filePath, "seven..");
  const modifiedMs = (await Deno.lstat(filePath)).mtime!.getTime();
  const seeded = { ...order(7), filePath, modifiedMs };
  await seeds.add(seeded);
  assert.equal((await seeds.wake(hashOf(7)))?.infoHash, hashOf(7));
  for (
    const change of [
      () => Deno.utime(filePath, new Date(), new Date(modifiedMs - 5_000)),
      () => Deno.writeTextFile(filePath, "longer than before"),
      () => Deno.remove(filePath),
    ]
  ) {
    await seeds.remove(hashOf(7));
    await change();
    await seeds.add(seeded);
    assert.equal(await seeds.wake(hashOf(7)), undefined);
  }
  assert.deepEqual([made.length, unreadable.length], [1, 3]);
  // A peer's request does not end the seeding: the host decides, and may seed the new content.
  await seeds.add({ ...seeded, modifiedMs: undefined });
  assert.equal((await seeds.wake(hashOf(7)))?.infoHash, hashOf(7));
});
