/**
 * Counts the round trips from a connection to a seeder, of whose torrent only the infohash is known, to
 * the last byte of a small archive. The time of a round trip does not matter.
 */

import assert from "node:assert/strict";
import type { EncryptionMode } from "../../../src/engine/mod.ts";
import { CountingRelay } from "../../support/counting_relay.ts";
import { TestEngine } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";

/** A busy machine may delay a message, which then counts as a later one. */
const MAX_TRIES = 5;
const sample = sampleTorrent(20_000);

/** A manifest's length, and the length of the pieces that follows from it; neither for a magnet link. */
type Known = { lengthBytes?: number; pieceBytes?: number };

/** Downloads the sample through a relay, and returns the number of round trips. */
async function roundTrips(encryption: EncryptionMode, known: Known): Promise<number> {
  await using seeder = await TestEngine.start({ encryption });
  await using reader = await TestEngine.start({ encryption });
  await seeder.seed(sample);
  using relay = new CountingRelay(seeder.address);
  const filePath = reader.path("downloaded");
  await reader.engine.download({
    infoHashHex: sample.infoHashHex,
    filePath,
    maxBytes: 1 << 20,
    peers: [relay.address],
    ...known,
  });
  assert.deepEqual(await Deno.readFile(filePath), sample.content);
  assert.equal(relay.connections, 1);
  return relay.roundTrips;
}

/** Downloads until the number of round trips is as low as `most`, and asserts that it is `most`. */
async function takes(most: number, encryption: EncryptionMode, known: Known = {}): Promise<void> {
  let least = Infinity;
  for (let tries = 0; tries < MAX_TRIES && least > most; tries++) {
    least = Math.min(least, await roundTrips(encryption, known));
  }
  assert.equal(least, most);
}

for (
  const [encryption, most, what] of [
    ["prefer", 4, "keys, handshakes, metadata, blocks"],
    ["require", 4, "keys, handshakes, metadata, blocks"],
    ["off", 3, "handshakes, metadata, blocks"],
  ] as const
) {
  Deno.test(`with encryption ${encryption} a small archive takes ${most} round trips: ${what}`, async () => {
    await takes(most, encryption);
  });

  Deno.test(`with encryption ${encryption} and a known length, the blocks come with the metadata`, async () => {
    await takes(most - 1, encryption, { lengthBytes: 20_000, pieceBytes: 256 * 1024 });
  });
}

Deno.test("if the pieces have another length than expected, the archive comes one round trip later", async () => {
  await takes(3, "off", { lengthBytes: 20_000, pieceBytes: 16 * 1024 });
});
