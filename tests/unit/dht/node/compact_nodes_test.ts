import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, equalBytes } from "../../../../src/base/mod.ts";
import { parseCompactNodes } from "../../../../src/dht/node/compact_nodes.ts";
import { compareDistance } from "../../../../src/dht/node/distance.ts";
import { parseCompactPeers } from "../../../../src/dht/records/peers.ts";

const id = Uint8Array.from({ length: 20 }, (_, i) => i);

function node(host: number[], port: number, nodeId = id): Uint8Array {
  return concatBytes(nodeId, Uint8Array.from(host), Uint8Array.of(port >> 8, port & 255));
}

Deno.test("compact nodes are 20 bytes of id, 4 of address, 2 of port in network order", () => {
  const bytes = concatBytes(node([1, 2, 3, 4], 6_881), node([255, 254, 253, 252], 65_535));
  assert.deepEqual(parseCompactNodes(bytes), [
    { id, host: "1.2.3.4", port: 6_881 },
    { id, host: "255.254.253.252", port: 65_535 },
  ]);
});

Deno.test("nodes with a port below 1024 or an address in 0.0.0.0/8 are skipped", () => {
  const bytes = concatBytes(
    node([1, 2, 3, 4], 0),
    node([1, 2, 3, 4], 53),
    node([1, 2, 3, 4], 1_023),
    node([0, 0, 0, 0], 6_881),
    node([0, 1, 2, 3], 6_881),
    node([1, 2, 3, 4], 1_024),
  );
  assert.deepEqual(parseCompactNodes(bytes), [{ id, host: "1.2.3.4", port: 1_024 }]);
});

Deno.test("a truncated node at the end is ignored", () => {
  const bytes = concatBytes(node([1, 2, 3, 4], 2_001), node([5, 6, 7, 8], 2_002).subarray(0, 25));
  assert.equal(parseCompactNodes(bytes).length, 1);
});

Deno.test("at most 512 nodes of a list are read", () => {
  const bytes = concatBytes(...Array.from({ length: 4_000 }, () => node([1, 2, 3, 4], 2_001)));
  assert.equal(parseCompactNodes(bytes).length, 512);
});

Deno.test("a value that is not bytes contains no nodes", () => {
  for (const odd of [undefined, null, 0, "x".repeat(26), [], [new Uint8Array(26)], {}]) {
    assert.deepEqual(parseCompactNodes(odd), []);
  }
});

Deno.test("random bytes yield only nodes that a packet can be sent to", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
    for (const contact of parseCompactNodes(bytes)) {
      assert.equal(contact.id.length, 20);
      assert.ok(contact.port >= 1_024 && contact.port <= 65_535);
      assert.match(contact.host, /^[1-9]\d{0,2}(\.\d{1,3}){3}$/);
    }
  }));
});

Deno.test("compact peers are 4 bytes of address and 2 of port; other entries are skipped", () => {
  const peers = parseCompactPeers([
    Uint8Array.of(1, 2, 3, 4, 0x1a, 0xe1),
    Uint8Array.of(1, 2, 3, 4, 0, 0),
    Uint8Array.of(0, 2, 3, 4, 0, 1),
    new Uint8Array(5),
    new Uint8Array(7),
    new Uint8Array(18).fill(1),
    "123456",
    6,
    null,
    [1, 2, 3, 4, 5, 6],
  ]);
  assert.deepEqual(peers, [{ host: "1.2.3.4", port: 6_881 }]);
});

Deno.test("at most 256 peers of a list are read", () => {
  const peers = parseCompactPeers(
    Array.from({ length: 5_000 }, () => Uint8Array.of(1, 2, 3, 4, 5, 6)),
  );
  assert.equal(peers.length, 256);
});

Deno.test("a value that is not a list contains no peers", () => {
  for (const odd of [undefined, null, 6, "123456", new Uint8Array(6), {}]) {
    assert.deepEqual(parseCompactPeers(odd), []);
  }
});

Deno.test("compareDistance orders ids by their XOR with the target", () => {
  const bytes = fc.uint8Array({ minLength: 20, maxLength: 20 });
  const number = (a: Uint8Array, b: Uint8Array) =>
    a.reduce((sum, byte, i) => sum * 256n + BigInt(byte ^ b[i]!), 0n);
  fc.assert(fc.property(bytes, bytes, bytes, (target, a, b) => {
    const expected = number(a, target) - number(b, target);
    const sign = expected < 0n ? -1 : expected > 0n ? 1 : 0;
    assert.equal(Math.sign(compareDistance(target, a, b)), sign);
    assert.equal(compareDistance(target, a, b) === 0, equalBytes(a, b));
  }));
});
