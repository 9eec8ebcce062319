import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import npmBencode from "bencode";
import { concatBytes } from "../../../../../src/base/mod.ts";
import { metadataGuard } from "../../../../../src/engine/libraries/extensions/metadata_guard.ts";
import { randomBytes } from "../../../../support/torrents.ts";

const PART_BYTES = 16 * 1024;
const metadata = randomBytes(2 * PART_BYTES + 100, 1);
const infoHash = createHash("sha1").update(metadata).digest("hex");

/**
 * Makes a connection for a torrent, with a stand-in for npm:ut_metadata that records the messages
 * passed to it.
 */
function connection(torrent = { infoHash }) {
  const reached: unknown[] = [];
  const taken: Uint8Array[] = [];
  let isDestroyed = false;
  const wire = {
    extendedHandshake: {} as { metadata_size?: number },
    destroy: () => void (isDestroyed = true),
    ut_metadata: {
      onHandshake: (infoHashHex: string) => void reached.push(["infohash", infoHashHex]),
      onExtendedHandshake: () => void reached.push("handshake"),
      onMessage: () => void reached.push("message"),
      setMetadata: async (bytes: Uint8Array) => {
        await Promise.resolve();
        const isGood = createHash("sha1").update(bytes).digest("hex") === torrent.infoHash;
        if (isGood) taken.push(bytes);
        return isGood;
      },
    },
  };
  const Guard = metadataGuard(torrent);
  assert.equal(Guard.prototype.name, "ut_metadata");
  const guard = new Guard(wire);
  return { guard, wire, reached, taken, isDestroyed: () => isDestroyed };
}

function message(type: number, piece: unknown, bytes: Uint8Array = new Uint8Array()): Uint8Array {
  const header = npmBencode.encode({ msg_type: type, piece, total_size: metadata.length });
  return concatBytes(new Uint8Array(header), bytes);
}

function part(index: number, of = metadata): Uint8Array {
  return message(1, index, of.subarray(index * PART_BYTES, (index + 1) * PART_BYTES));
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("metadata that came in parts, in any order, reach the torrent as a whole", async () => {
  const { guard, reached, taken, isDestroyed } = connection();
  guard.onExtendedHandshake({ metadata_size: metadata.length });
  for (const index of [2, 0, 1]) guard.onMessage(part(index));
  await settle();
  assert.deepEqual(taken, [metadata]);
  assert.deepEqual(reached, [["infohash", infoHash], "handshake"]);
  assert.equal(isDestroyed(), false);
});

Deno.test("a peer that sends metadata of another torrent gets disconnected", async () => {
  const { guard, taken, isDestroyed } = connection({ infoHash: "0".repeat(40) });
  guard.onExtendedHandshake({ metadata_size: metadata.length });
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
    const { guard, isDestroyed } = connection();
    guard.onExtendedHandshake({ metadata_size: metadata.length });
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
  const { guard, reached } = connection();
  guard.onExtendedHandshake({ metadata_size: 3 * 1024 * 1024 });
  guard.onExtendedHandshake({ metadata_size: metadata.length });
  assert.deepEqual(reached, [["infohash", infoHash]]);
});

Deno.test("two peers that have the metadata at once set the torrent up once", async () => {
  const torrent = { infoHash };
  const [first, second] = [connection(torrent), connection(torrent)];
  for (const { guard } of [first, second]) {
    guard.onExtendedHandshake({ metadata_size: metadata.length });
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
  for (const [{ guard }, bytes] of [[liar, wrong], [honest, metadata]] as const) {
    guard.onExtendedHandshake({ metadata_size: bytes.length });
    for (const index of [0, 1, 2]) guard.onMessage(part(index, bytes));
  }
  await settle();
  assert.equal(liar.isDestroyed(), true);
  assert.deepEqual(honest.taken, [metadata]);
});

Deno.test("requests are answered by the package, and one beyond the end gets the peer disconnected", () => {
  const { guard, wire, reached, isDestroyed } = connection();
  wire.extendedHandshake.metadata_size = metadata.length;
  guard.onMessage(message(0, 2));
  assert.deepEqual(reached.slice(1), ["message"]);
  guard.onMessage(message(0, 3));
  assert.deepEqual(reached.slice(1), ["message"]);
  assert.equal(isDestroyed(), true);
});

Deno.test("a message without a dictionary is dropped", () => {
  const { guard, reached, isDestroyed } = connection();
  for (const bytes of [new Uint8Array(), randomBytes(1_000, 3), new Uint8Array(1_000).fill(0x65)]) {
    guard.onMessage(bytes);
  }
  assert.deepEqual(reached.slice(1), []);
  assert.equal(isDestroyed(), false);
});
