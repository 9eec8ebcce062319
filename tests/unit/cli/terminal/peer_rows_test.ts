import assert from "node:assert/strict";
import type { PeerJson } from "../../../../src/control/mod.ts";
import { peerRows } from "../../../../src/cli/terminal/peer_rows.ts";

const peer: PeerJson = {
  ...{ address: "192.0.2.7", port: 6_881, client: "Transmission 4.0.5", transport: "utp" },
  ...{ encrypted: true, incoming: true, pieces: 3, uploadedBytes: 2_000_000, downloadedBytes: 0 },
  ...{ uploadSpeed: 1_000, downloadSpeed: 0 },
};

function rowsOf(peers: PeerJson[], peersConnected = peers.length) {
  const torrent = { pieceBytes: 16_384, pieces: 12, piecesHeld: 12, peers, peersConnected };
  return peerRows([{ path: "/a.tgz", version: "1.0.0", publisher: "", ...torrent }], "/a.tgz")
    .map(([key, value]) => {
      assert.equal(key, "peer");
      return value;
    });
}

Deno.test("a peer has a row with its address, program, transport, pieces and bytes", () => {
  const [row] = rowsOf([peer]);
  assert.match(
    row!,
    /^192\.0\.2\.7:6881 Transmission 4\.0\.5, came by uTP, encrypted, has 3 of 12 pieces, .*sent/,
  );
  const { client: _, ...unnamed } = peer;
  const plain: PeerJson = {
    ...unnamed,
    address: "2001:db8::1",
    encrypted: false,
    incoming: false,
    transport: "tcp",
  };
  assert.match(rowsOf([plain])[0]!, /^\[2001:db8::1\]:6881 unknown program, dialled by TCP, has/);
});

Deno.test("at most ten peers of a version have a row, and the rest are counted", () => {
  const rows = rowsOf(Array(10).fill(peer), 25);
  assert.equal(rows.length, 11);
  assert.equal(rows.at(-1), "and 15 more");
  assert.deepEqual(peerRows([], "/a.tgz"), []);
});

Deno.test("a web seed is named by its address, and terminal controls are not printed", () => {
  const seed: PeerJson = {
    ...peer,
    transport: "web-seed",
    port: 0,
    address: "https://example.org/\x1b[2Ja.tgz",
  };
  const [row] = rowsOf([seed]);
  assert.ok(row!.startsWith("https://example.org/"));
  assert.match(row!, /by web server/);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(row!, /[\x00-\x1f]/);
});
