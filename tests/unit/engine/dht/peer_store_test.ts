import assert from "node:assert/strict";
import { parseCompactPeers } from "../../../../src/dht/records/peers.ts";
import { PeerStore } from "../../../../src/engine/dht/peer_store.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const torrent = "a".repeat(40);

function stored(peers: PeerStore, most = 1_000): string[] {
  return parseCompactPeers(peers.get(torrent, most)).map(({ host, port }) => `${host} ${port}`);
}

Deno.test("peers of a torrent are returned newest first, or one of each network, for an hour", async () => {
  const clock = new FakeClock();
  const peers = new PeerStore(clock);
  peers.add(torrent, "2600:1::1", 6_881);
  await clock.advance(30 * 60_000);
  peers.add(torrent, "2600:2::1", 6_881);
  peers.add(torrent, "2600:2::1", 6_882);
  peers.add(torrent, "2600:2::1", 6_881);
  assert.deepEqual(stored(peers), ["2600:2::1 6881", "2600:2::1 6882", "2600:1::1 6881"]);
  // The networks come in random order.
  assert.deepEqual(stored(peers, 2).sort(), ["2600:1::1 6881", "2600:2::1 6881"]);
  await clock.advance(31 * 60_000);
  assert.deepEqual(stored(peers), ["2600:2::1 6881", "2600:2::1 6882"]);
  await clock.advance(31 * 60_000);
  assert.deepEqual(stored(peers), []);
  assert.equal(peers.size, 0);
});

Deno.test("one network (/64) holds at most eight peers of a torrent", () => {
  const peers = new PeerStore(new FakeClock());
  peers.add(torrent, "2600:1::1", 6_881);
  for (let i = 1; i <= 1_000; i++) peers.add(torrent, `2600:2::${i.toString(16)}`, 6_881);
  assert.equal(stored(peers).length, 9);
  assert.ok(stored(peers).includes("2600:1::1 6881"));
});

Deno.test("a torrent holds 200 peers, and all torrents together 10,000", () => {
  const peers = new PeerStore(new FakeClock());
  for (let i = 1; i <= 300; i++) peers.add(torrent, `2600:${i.toString(16)}::1`, 6_881);
  assert.equal(stored(peers).length, 200);
  for (let i = 0; i < 12_000; i++) {
    peers.add(i.toString(16).padStart(40, "0"), "2600:1::1", 6_881);
  }
  assert.equal(peers.size, 10_000);
  assert.deepEqual(stored(peers), [], "the oldest torrent gave way");
});

Deno.test("an address of IPv4 is not stored", () => {
  const peers = new PeerStore(new FakeClock());
  peers.add(torrent, "192.0.2.1", 6_881);
  assert.equal(peers.size, 0);
});

Deno.test("a vandal who announces often neither pushes others out nor is named alone", () => {
  const peers = new PeerStore(new FakeClock());
  const honest = Array.from({ length: 5 }, (_, i) => `2600:a:${i + 1}::1`);
  for (const host of honest) peers.add(torrent, host, 6_881);
  for (let i = 0; i < 1_000; i++) {
    const [network, host] = [i % 20 + 1, Math.floor(i / 20) + 1].map((one) => one.toString(16));
    peers.add(torrent, `2600:b:${network}:${host}::1`, 6_881);
  }
  assert.equal(stored(peers).length, 200);
  const named = stored(peers, 32);
  assert.equal(named.length, 32);
  assert.equal(new Set(named).size, 32);
  for (const host of honest) assert.ok(named.includes(`${host} 6881`), host);
});
