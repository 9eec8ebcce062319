import assert from "node:assert/strict";
import { Candidates } from "../../../../src/engine/rendezvous/candidates.ts";
import { seededRandom } from "../../../support/simulated_dht.ts";

const all = () => true;

/** Addresses of networks of their own. */
function peers(from: number, count: number, port = 6_881) {
  return Array.from({ length: count }, (_, i) => ({ host: `80.0.${from + i}.1`, port }));
}

function drawAll(candidates: Candidates): string[] {
  const drawn: string[] = [];
  for (let peer; (peer = candidates.next());) drawn.push(`${peer.host}:${peer.port}`);
  return drawn;
}

Deno.test("an address counts once whatever its ports, and of a network counts one", () => {
  const candidates = new Candidates(all);
  candidates.add([
    { host: "80.1.2.3", port: 1_024 },
    { host: "80.1.2.3", port: 1_025 },
    { host: "80.1.2.99", port: 1_024 },
    { host: "2a00:1:2:3::1", port: 1_024 },
    { host: "2a00:1:2:ffff::1", port: 1_024 },
  ]);
  assert.equal(candidates.found, 2);
  assert.equal(drawAll(candidates).length, 2);
});

Deno.test("of loopback and private addresses each port counts", () => {
  const candidates = new Candidates(all);
  candidates.add([
    { host: "127.0.0.1", port: 1_024 },
    { host: "127.0.0.1", port: 1_025 },
    { host: "192.168.1.1", port: 1_024 },
    { host: "::1", port: 1_024 },
    { host: "127.0.0.1", port: 1_025 },
  ]);
  assert.equal(candidates.found, 4);
  assert.equal(drawAll(candidates).length, 4);
});

Deno.test("addresses that may not be dialled, such as our own, are left out", () => {
  const candidates = new Candidates(({ host }) => host !== "80.0.1.1");
  candidates.add(peers(0, 3));
  assert.equal(candidates.found, 2);
  assert.ok(!drawAll(candidates).includes("80.0.1.1:6881"));
});

Deno.test("peers are drawn evenly from the nodes that named them", () => {
  const candidates = new Candidates(all);
  candidates.add(peers(0, 200));
  candidates.add(peers(200, 2));
  candidates.add(peers(202, 2));
  const first = Array.from({ length: 6 }, () => candidates.next()!.host);
  const honest = first.filter((host) => Number(host.split(".")[2]) >= 200);
  assert.equal(honest.length, 4);
});

Deno.test("a node that names the peers of others, too, does not delay them", () => {
  const candidates = new Candidates(all);
  candidates.add([...peers(0, 200), ...peers(200, 4)]);
  candidates.add(peers(200, 4));
  const first = Array.from({ length: 8 }, () => candidates.next()!.host);
  const honest = first.filter((host) => Number(host.split(".")[2]) >= 200);
  assert.ok(honest.length >= 4, first.join());
});

Deno.test("at first, few peers of one node are drawn", () => {
  const candidates = new Candidates(all);
  candidates.add(peers(0, 10));
  assert.ok(candidates.next(2));
  assert.ok(candidates.next(2));
  assert.equal(candidates.next(2), undefined);
  candidates.add(peers(10, 1));
  assert.equal(candidates.next(2)!.host, "80.0.10.1");
  assert.equal(drawAll(candidates).length, 8);
});

Deno.test("the order of a node's answer does not count", () => {
  const candidates = new Candidates(all, seededRandom(1));
  candidates.add(peers(0, 100));
  const drawn = drawAll(candidates);
  assert.equal(new Set(drawn).size, 100);
  assert.notDeepEqual(drawn.slice(0, 10), peers(0, 10).map(({ host, port }) => `${host}:${port}`));
});

Deno.test("networks with few peers come before those in which many were announced", () => {
  const candidates = new Candidates(all, seededRandom(1));
  const crowd = Array.from(
    { length: 50 },
    (_, network) =>
      Array.from({ length: 20 }, (_, i) => ({ host: `81.0.${network}.${i}`, port: 6_881 })),
  ).flat();
  const ports = Array.from({ length: 50 }, (_, i) => ({ host: "82.0.0.1", port: 6_881 + i }));
  candidates.add([...crowd, ...ports, ...peers(0, 3)]);
  // A node that has left out most of the crowd does not change that.
  candidates.add([...crowd.slice(0, 3), ...peers(3, 2)]);
  const first = Array.from({ length: 5 }, () => candidates.next()!.host);
  assert.deepEqual(first.filter((host) => host.startsWith("80.")).length, 5, first.join());
  assert.equal(drawAll(candidates).length, 51);
});
