/** Tests that the queue of peers to be dialled is bounded, whoever names them. */

import assert from "node:assert/strict";
import { eventually, TestEngine } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { WireListener } from "../../support/wire_peer.ts";

const sample = sampleTorrent(64 * 1024);
/** Addresses at which nobody is, and that are not dialled as long as a connection is open. */
const nobodies = Array.from({ length: 2_000 }, (_, i) => ({ host: "127.0.0.9", port: 10_000 + i }));

Deno.test("of a seeded torrent, 500 peers are queued at most", async () => {
  await using seeder = await TestEngine.start({ maxConnections: 1 });
  await seeder.seed(sample);
  using reader = new WireListener(sample, () => ({}));
  const { introductions } = seeder.engine;
  await introductions.reachOut(sample.infoHashHex, [reader.address]);
  await eventually(() => reader.dialled > 0, "the only place is taken");
  await introductions.reachOut(sample.infoHashHex, nobodies);
  const known = seeder.engine.totals().peersKnown;
  assert.equal(known, 1 + 500);
});
