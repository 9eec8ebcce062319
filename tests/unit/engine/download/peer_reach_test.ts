/** Tests the counts of a download's peers. */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { PeerReach } from "../../../../src/engine/download/peer_reach.ts";
import type { Torrent } from "../../../../src/engine/libraries/mod.ts";

/** A torrent without pieces, whose events the test emits. */
function start() {
  const torrent = Object.assign(new EventEmitter(), { wires: [], pieces: [] });
  return { torrent, reach: new PeerReach(torrent as unknown as Torrent) };
}

Deno.test("an address that was dialled in vain and is then left out counts as tried alone", () => {
  const { torrent, reach } = start();
  torrent.emit("peer", "1.2.3.4:7000");
  torrent.emit("dial", "1.2.3.4:7000", new EventEmitter());
  torrent.emit("refused", "1.2.3.4:7000", "failures");
  torrent.emit("refused", "1.2.3.5:22", "port");
  const { known, tried, refused } = reach.counts();
  assert.deepEqual({ known, tried, refused }, { known: 2, tried: 1, refused: 1 });
});

Deno.test("an address that the gate forbids counts as refused, not as tried", () => {
  const { torrent, reach } = start();
  const connection = new EventEmitter();
  torrent.emit("dial", "192.168.1.7:7000", connection);
  connection.emit("error", Object.assign(new Error("no"), { code: "ADDRESS_REFUSED" }));
  const { tried, refused } = reach.counts();
  assert.deepEqual({ tried, refused }, { tried: 0, refused: 1 });
});
