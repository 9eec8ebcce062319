import assert from "node:assert/strict";
import { countPeerNetworks } from "../../../../src/dht/records/peers.ts";

const at = (host: string, port = 6_881) => ({ host, port });

Deno.test("a network counts once, whatever its addresses and ports", () => {
  const peers = [at("192.88.1.1"), at("192.88.1.9"), at("192.88.1.1", 7_000), at("192.88.2.1")];
  assert.equal(countPeerNetworks([peers]), 2);
  const sites = [at("2a00:1:2::1"), at("2a00:1:2:ffff::1"), at("2a00:1:3::1")];
  assert.equal(countPeerNetworks([sites, sites]), 2);
});

Deno.test("of three or more answers, two have to name a network", () => {
  const [a, b, c] = [at("192.88.1.1"), at("192.88.2.1"), at("192.88.3.1")];
  assert.equal(countPeerNetworks([[a], [b]]), 2);
  assert.equal(countPeerNetworks([[a], [b], []]), 0);
  assert.equal(countPeerNetworks([[a, b], [b, c], [b]]), 1);
});

Deno.test("a single lying node does not raise the number", () => {
  const honest = [at("192.88.1.1"), at("192.88.2.1")];
  const lies = Array.from({ length: 200 }, (_, i) => at(`203.${i}.1.1`));
  assert.equal(countPeerNetworks([honest, honest, lies, honest]), 2);
});

Deno.test("peers of this machine each count", () => {
  const peers = [at("127.0.0.1", 1), at("127.0.0.1", 2), at("::1", 3), at("10.0.0.1", 4)];
  assert.equal(countPeerNetworks([peers]), 4);
});

Deno.test("without answers there are no networks", () => {
  assert.equal(countPeerNetworks([]), 0);
  assert.equal(countPeerNetworks([[], [], []]), 0);
});
