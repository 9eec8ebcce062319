import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import npmBencode from "bencode";
import { concatBytes } from "../../../../../src/base/mod.ts";
import {
  type Described,
  metadataGuard,
} from "../../../../../src/engine/libraries/extensions/metadata_guard.ts";
import { FakeClock } from "../../../../support/fake_clock.ts";
import { randomBytes } from "../../../../support/torrents.ts";

const PART_BYTES = 16 * 1024;
const metadata = randomBytes(2 * PART_BYTES + 100, 1);
const infoHash = createHash("sha1").update(metadata).digest("hex");

/**
 * Makes a connection for a torrent, with a stand-in for npm:ut_metadata that records the messages
 * passed to it.
 */
function connection(torrent: Described = { infoHash }) {
  const reached: unknown[] = [];
  const taken: Uint8Array[] = [];
  const sent: Uint8Array[] = [];
  let isDestroyed = false;
  let close = () => {};
  const wire = {
    extendedHandshake: {} as { metadata_size?: number },
    peerExtendedMapping: { ut_metadata: 3 } as { ut_metadata?: number },
    once: (_event: "close", listener: () => void) => void (close = listener),
    extended: (_name: string, bytes: Uint8Array) => void sent.push(bytes),
    destroy() {
      isDestroyed = true;
      close();
    },
    ut_metadata: {
      onHandshake: (infoHashHex: string) => void reached.push(["infohash", infoHashHex]),
      onExtendedHandshake: () => void reached.push("handshake"),
      onMessage: () => void reached.push("message"),
      setMetadata: async (bytes: Uint8Array) => {
        await Promise.resolve();
        const isGood = createHash("sha1").update(bytes).digest("hex") === torrent.infoHash;
        if (isGood) {
          torrent.infoBuffer = bytes.slice();
          taken.push(bytes.slice());
        }
        return isGood;
      },
    },
  };
  const clock = new FakeClock();
  const Guard = metadataGuard(torrent, clock);
  assert.equal(Guard.prototype.name, "ut_metadata");
  const guard = new Guard(wire);
  return {
    ...{ clock, guard, wire, reached, taken, sent, isDestroyed: () => isDestroyed },
    /** Tells the length of the metadata. */
    say: (size: unknown, v?: Uint8Array) => guard.onExtendedHandshake({ metadata_size: size, v }),
    /** Returns the numbers of the parts that the peer was asked for, since the last call. */
    asked: () =>
      sent.splice(0).map((bytes) => {
        const { msg_type, piece } = npmBencode.decode(bytes) as Record<string, number>;
        assert.equal(msg_type, 0);
        return piece!;
      }),
  };
}

function message(type: number, piece: unknown, bytes: Uint8Array = new Uint8Array()): Uint8Array {
  const header = npmBencode.encode({ msg_type: type, piece, total_size: metadata.length });
  return concatBytes(new Uint8Array(header), bytes);
}

function part(index: number, of: Uint8Array = metadata): Uint8Array {
  return message(1, index, of.subarray(index * PART_BYTES, (index + 1) * PART_BYTES));
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("metadata that came in parts, in any order, reach the torrent as a whole", async () => {
  const { guard, say, taken, asked, isDestroyed } = connection();
  say(metadata.length);
  assert.deepEqual(asked(), [0, 1, 2]);
  for (const index of [2, 0, 1]) guard.onMessage(part(index));
  await settle();
  assert.deepEqual(taken, [metadata]);
  assert.deepEqual(asked(), []);
  assert.equal(isDestroyed(), false);
});

Deno.test("a peer that sends metadata of another torrent gets disconnected", async () => {
  const { guard, say, taken, isDestroyed } = connection({ infoHash: "0".repeat(40) });
  say(metadata.length);
  for (const index of [0, 1, 2]) guard.onMessage(part(index));
  await settle();
  assert.deepEqual(taken, []);
  assert.equal(isDestroyed(), true);
});

for (
  const [what, bad] of [
    ["a part beyond the end", message(1, 3, new Uint8Array(100))],
    ["a part of the wrong length", message(1, 0, new Uint8Array(100))],
    ["a part without a number", message(1, "0", new Uint8Array(PART_BYTES))],
  ] as const
) {
  Deno.test(`a peer that sends ${what} gets disconnected`, () => {
    const { guard, say, isDestroyed } = connection();
    say(metadata.length);
    guard.onMessage(bad);
    assert.equal(isDestroyed(), true);
  });
}

Deno.test("a part that was not announced by a size gets the peer disconnected", () => {
  const { guard, isDestroyed } = connection();
  guard.onMessage(part(0));
  assert.equal(isDestroyed(), true);
});

Deno.test("only the first size counts, and none above two mebibytes", () => {
  const { say, asked } = connection();
  for (const size of [3 * 1024 * 1024, metadata.length]) say(size);
  assert.deepEqual(asked(), []);
  const other = connection();
  for (const size of [undefined, "1", -1, 0.5, 100, metadata.length]) other.say(size);
  assert.deepEqual(other.asked(), [0]);
});

Deno.test("two peers that have the metadata at once set the torrent up once", async () => {
  const torrent = { infoHash };
  const [first, second] = [connection(torrent), connection(torrent)];
  for (const { say } of [first, second]) say(metadata.length);
  for (const { guard } of [first, second]) {
    for (const index of [0, 1, 2]) guard.onMessage(part(index));
  }
  await settle();
  assert.equal(first.taken.length + second.taken.length, 1);
  assert.equal(first.isDestroyed() || second.isDestroyed(), false);
});

Deno.test("a liar that is first does not keep another peer's metadata out", async () => {
  const torrent = { infoHash };
  const [liar, honest] = [connection(torrent), connection(torrent)];
  const wrong = randomBytes(metadata.length, 2);
  for (const { say } of [liar, honest]) say(metadata.length);
  for (const index of [0, 1, 2]) liar.guard.onMessage(part(index, wrong));
  await settle();
  assert.deepEqual(honest.asked(), [0, 1, 2, 0, 1, 2]);
  for (const index of [0, 1, 2]) honest.guard.onMessage(part(index));
  await settle();
  assert.equal(liar.isDestroyed(), true);
  assert.deepEqual(honest.taken, [metadata]);
});

Deno.test("peers are asked for different parts, at most eight at once, and fill one buffer", async () => {
  const long = randomBytes(20 * PART_BYTES + 5, 4);
  const torrent = { infoHash: createHash("sha1").update(long).digest("hex") };
  const peers = [connection(torrent), connection(torrent)] as const;
  for (const { say } of peers) say(long.length);
  const [first, second] = peers.map(({ asked }) => asked()) as [number[], number[]];
  assert.deepEqual(first, [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(second, [8, 9, 10, 11, 12, 13, 14, 15]);
  for (const index of first) peers[0].guard.onMessage(part(index, long));
  const next = peers[0].asked();
  // Parts that the other peer was asked for come last.
  assert.deepEqual(next, [16, 17, 18, 19, 20, 8, 9, 10]);
  for (const index of next) peers[0].guard.onMessage(part(index, long));
  for (const index of second) peers[1].guard.onMessage(part(index, long));
  await settle();
  assert.deepEqual([...peers[0].taken, ...peers[1].taken], [long]);
  assert.ok(!peers.some(({ isDestroyed }) => isDestroyed()));
});

Deno.test("a peer that drops all requests but the first is asked again, for one part at a time", async () => {
  const { clock, guard, say, asked, taken } = connection();
  say(metadata.length);
  assert.deepEqual(asked(), [0, 1, 2]);
  guard.onMessage(part(0));
  await clock.advance(1_900);
  assert.deepEqual(asked(), []);
  await clock.advance(100);
  assert.deepEqual(asked(), [1]);
  guard.onMessage(part(1));
  assert.deepEqual(asked(), [2]);
  guard.onMessage(part(2));
  await settle();
  assert.deepEqual(taken, [metadata]);
  await clock.advance(60_000);
  assert.deepEqual(asked(), []);
});

Deno.test("a part that comes late is taken, and a silent peer is not asked without end", async () => {
  const { clock, guard, say, asked, taken } = connection();
  say(metadata.length);
  await clock.advance(60_000);
  assert.deepEqual(asked(), [0, 1, 2, 0, 0, 0, 0, 0]);
  for (const index of [0, 1, 2]) guard.onMessage(part(index));
  await settle();
  assert.deepEqual(taken, [metadata]);
});

Deno.test("rtorrent is asked for one part at a time from the beginning", () => {
  const { guard, say, asked } = connection();
  say(metadata.length, new TextEncoder().encode("libTorrent 0.13.8"));
  assert.deepEqual(asked(), [0]);
  guard.onMessage(part(0));
  assert.deepEqual(asked(), [1]);
});

Deno.test("if parts of two peers are wrong together, each sends all of them, and the liar is found", async () => {
  const torrent = { infoHash };
  const [liar, honest] = [connection(torrent), connection(torrent)];
  const wrong = randomBytes(metadata.length, 2);
  for (const { say } of [liar, honest]) say(metadata.length);
  liar.guard.onMessage(part(0, wrong));
  for (const index of [1, 2]) honest.guard.onMessage(part(index));
  await settle();
  assert.ok(!liar.isDestroyed() && !honest.isDestroyed());
  for (const { asked } of [liar, honest]) assert.deepEqual(asked(), [0, 1, 2, 0, 1, 2]);
  for (const index of [0, 1, 2]) liar.guard.onMessage(part(index, wrong));
  honest.guard.onMessage(part(0));
  await settle();
  assert.equal(liar.isDestroyed(), true);
  // The parts that the honest peer sent since are kept.
  for (const index of [1, 2]) honest.guard.onMessage(part(index));
  await settle();
  assert.deepEqual(honest.taken, [metadata]);
  assert.equal(honest.isDestroyed(), false);
});

Deno.test("parts that a peer was not asked for are not taken", async () => {
  const { guard, say, wire, taken } = connection();
  wire.peerExtendedMapping = {};
  say(metadata.length);
  for (const index of [0, 1, 2]) guard.onMessage(part(index));
  await settle();
  assert.deepEqual(taken, []);
});

Deno.test("a rejected part is asked for again, but not without end", () => {
  const { guard, say, asked } = connection();
  say(metadata.length);
  asked();
  let again = 0;
  for (let n = 0; n < 100; n++) {
    guard.onMessage(message(2, 1));
    again += asked().length;
  }
  assert.equal(again, 5);
});

Deno.test("parts that a peer had when it disconnected are asked of others", () => {
  const long = randomBytes(12 * PART_BYTES, 4);
  const torrent = { infoHash };
  const [gone, other] = [connection(torrent), connection(torrent)];
  for (const { say } of [gone, other]) say(long.length);
  assert.deepEqual(other.asked(), [8, 9, 10, 11, 0, 1, 2, 3]);
  gone.wire.destroy();
  for (const index of [8, 9, 10, 11]) other.guard.onMessage(part(index, long));
  assert.deepEqual(other.asked(), [4, 5, 6, 7]);
});

Deno.test("a peer's requests are answered from the one copy of the metadata", () => {
  const { guard, wire, sent, reached, isDestroyed } = connection({
    infoHash,
    infoBuffer: metadata,
  });
  assert.equal(wire.extendedHandshake.metadata_size, metadata.length);
  for (const index of [2, 0]) guard.onMessage(message(0, index));
  assert.deepEqual(sent, [part(2), part(0)]);
  guard.onMessage(message(0, 3));
  assert.equal(isDestroyed(), true);
  assert.deepEqual(reached, [["infohash", infoHash]]);
});

Deno.test("requests are rejected while we have no metadata, and answered later", async () => {
  const torrent: Described = { infoHash };
  const { guard, wire, sent } = connection(torrent);
  guard.onMessage(message(0, 2));
  assert.deepEqual(sent.splice(0), [new Uint8Array(npmBencode.encode({ msg_type: 2, piece: 2 }))]);
  torrent.infoBuffer = metadata;
  // npm:webtorrent calls it for the connections that were there before the metadata.
  await (guard as unknown as { setMetadata(): Promise<boolean> }).setMetadata();
  assert.equal(wire.extendedHandshake.metadata_size, metadata.length);
  guard.onMessage(message(0, 2));
  assert.deepEqual(sent, [part(2)]);
});

Deno.test("nothing is sent to a peer that has withdrawn the extension", () => {
  const { guard, wire, sent } = connection({ infoHash, infoBuffer: metadata });
  wire.peerExtendedMapping = {};
  guard.onMessage(message(0, 0));
  assert.deepEqual(sent, []);
});

Deno.test("a message without a dictionary is dropped", () => {
  const { guard, reached, isDestroyed } = connection();
  for (const bytes of [new Uint8Array(), randomBytes(1_000, 3), new Uint8Array(1_000).fill(0x65)]) {
    guard.onMessage(bytes);
  }
  assert.deepEqual(reached.slice(1), []);
  assert.equal(isDestroyed(), false);
});
