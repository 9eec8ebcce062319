import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, equalBytes, formatAddress } from "../../../src/base/mod.ts";
import { compactNodes, parseCompactNodes } from "../../../src/base/compact_nodes.ts";
import { compareDistance } from "../../../src/dht/node/distance.ts";
import { parseCompactPeers } from "../../../src/dht/records/peers.ts";

const id = Uint8Array.from({ length: 20 }, (_, i) => i);

function node(host: number[], port: number, nodeId = id): Uint8Array {
  return concatBytes(nodeId, Uint8Array.from(host), Uint8Array.of(port >> 8, port & 255));
}

Deno.test("compact nodes are 20 bytes of id, 4 of address, 2 of port in network order", () => {
  const bytes = concatBytes(node([1, 2, 3, 4], 6_881), node([255, 254, 253, 252], 65_535));
  assert.deepEqual(parseCompactNodes(bytes, 4), [
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
  assert.deepEqual(parseCompactNodes(bytes, 4), [{ id, host: "1.2.3.4", port: 1_024 }]);
});

Deno.test("compact nodes of IPv6 are 20 bytes of id, 16 of address, 2 of port (BEP 32)", () => {
  const nodes = [
    { id, host: "2001:db8::1", port: 6_881 },
    { id, host: "2600:1:2:3:4:5:6:7", port: 65_535 },
  ];
  const bytes = compactNodes(nodes, 6);
  assert.equal(bytes.length, 2 * 38);
  assert.equal(bytes.subarray(20, 38).toHex(), "20010db8000000000000000000000001" + "1ae1");
  assert.deepEqual(parseCompactNodes(bytes, 6), nodes);
});

Deno.test("addresses of IPv6 that are no single machine's are skipped, loopback is not", () => {
  const hosts = ["::", "::ffff:1.2.3.4", "64:ff9b::102:304", "ff02::1", "::2", "::1", "2600::1"];
  const bytes = compactNodes(hosts.map((host) => ({ id, host, port: 6_881 })), 6);
  assert.deepEqual(parseCompactNodes(bytes, 6).map(({ host }) => host), ["::1", "2600::1"]);
});

Deno.test("nodes of both families survive encoding", () => {
  const nodes = (length: number) =>
    fc.array(
      fc.tuple(
        fc.uint8Array({ minLength: 20, maxLength: 20 }),
        fc.uint8Array({
          minLength: length,
          maxLength: length,
        }),
        fc.integer({ min: 1_024, max: 65_535 }),
      ),
      { maxLength: 9 },
    );
  for (const [family, length] of [[4, 4], [6, 16]] as const) {
    fc.assert(fc.property(nodes(length), (some) => {
      const contacts = some.map(([nodeId, address, port]) => {
        address[0] = address[0]! & 0x7f | 0x20;
        return { id: nodeId, host: formatAddress(address), port };
      });
      assert.deepEqual(parseCompactNodes(compactNodes(contacts, family), family), contacts);
    }));
  }
});

Deno.test("a truncated node at the end is ignored", () => {
  const bytes = concatBytes(node([1, 2, 3, 4], 2_001), node([5, 6, 7, 8], 2_002).subarray(0, 25));
  assert.equal(parseCompactNodes(bytes, 4).length, 1);
});

Deno.test("at most 512 nodes of a list are read", () => {
  const bytes = concatBytes(...Array.from({ length: 4_000 }, () => node([1, 2, 3, 4], 2_001)));
  assert.equal(parseCompactNodes(bytes, 4).length, 512);
});

Deno.test("a value that is not bytes contains no nodes", () => {
  for (const odd of [undefined, null, 0, "x".repeat(26), [], [new Uint8Array(26)], {}]) {
    assert.deepEqual(parseCompactNodes(odd, 4), []);
  }
});

Deno.test("random bytes yield only nodes that a packet can be sent to", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
    for (const family of [4, 6] as const) {
      for (const contact of parseCompactNodes(bytes, family)) {
        assert.equal(contact.id.length, 20);
        assert.ok(contact.port >= 1_024 && contact.port <= 65_535);
        assert.match(contact.host, family === 4 ? /^[1-9]\d{0,2}(\.\d{1,3}){3}$/ : /^[\da-f:]+$/);
      }
    }
  }));
});

Deno.test("compact peers are 4 or 16 bytes of address and 2 of port; other entries are skipped", () => {
  const peers = parseCompactPeers([
    Uint8Array.of(1, 2, 3, 4, 0x1a, 0xe1),
    Uint8Array.of(1, 2, 3, 4, 0, 0),
    Uint8Array.of(0, 2, 3, 4, 0, 1),
    new Uint8Array(5),
    new Uint8Array(7),
    new Uint8Array(18).fill(0x26),
    new Uint8Array(18),
    new Uint8Array(18).fill(0xff),
    "123456",
    6,
    null,
    [1, 2, 3, 4, 5, 6],
  ]);
  assert.deepEqual(peers, [
    { host: "1.2.3.4", port: 6_881 },
    { host: "2626:2626:2626:2626:2626:2626:2626:2626", port: 0x2626 },
  ]);
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
