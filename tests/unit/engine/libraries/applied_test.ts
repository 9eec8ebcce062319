import assert from "node:assert/strict";
import bencode from "bencode";
import Connection from "bittorrent-protocol";
import Torrent from "webtorrent/lib/torrent.js";

/** One member for each module of replacements. */
function members(): Record<string, unknown> {
  const { buffer } = bencode.decode as unknown as Record<string, unknown>;
  const wire = Connection.prototype as unknown as Record<string, unknown>;
  const torrent = (Torrent as { prototype: unknown }).prototype as Record<string, unknown>;
  return {
    bencode_guard: buffer,
    pex_guard: wire.use,
    piece_buffer: torrent._onStore,
    wire_writer: wire._push,
    upload_queue: wire._onRequest,
  };
}

Deno.test("importing the room's mod.ts puts the replacements in place", async () => {
  const before = members();
  await import("../../../../src/engine/libraries/mod.ts");
  for (const [module, member] of Object.entries(members())) {
    assert.notEqual(member, before[module], module);
  }
});
