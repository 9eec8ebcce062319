/** Tests packets of PCP byte by byte, as RFC 6887 shows them. */

import assert from "node:assert/strict";
import { fromHex, toHex } from "../../../src/base/mod.ts";
import {
  answersMap,
  encodeAnnounce,
  encodeMap,
  parseHeader,
  parseMapping,
} from "../../../src/router/pcp.ts";

const LOCAL = Uint8Array.of(192, 168, 1, 2);
const MAP = {
  localAddress: LOCAL,
  nonce: new Uint8Array(12).fill(0xaa),
  kind: "tcp",
  internalPort: 41_000,
  externalPort: 50_000,
  leaseSeconds: 3_600,
} as const;
const HEAD = "02010000" + "00000e10" + "00000000000000000000ffffc0a80102";

Deno.test("a request of PCP has the bytes of RFC 6887", () => {
  assert.equal(
    toHex(encodeAnnounce(LOCAL)),
    "02000000" + "00000000" + "00000000000000000000ffffc0a80102",
  );
  assert.equal(
    toHex(encodeMap(MAP)),
    HEAD + "aa".repeat(12) + "06000000" + "a028" + "c350" + "00000000000000000000ffff00000000",
  );
  assert.equal(encodeMap({ ...MAP, kind: "udp" })[36], 17);
});

Deno.test("an answer of PCP is read", () => {
  const bytes = fromHex(
    "02810000" + "00000708" + "00000064" + "00".repeat(12) + "aa".repeat(12) + "06000000" +
      "a028" + "c351" + "00000000000000000000ffffc6336407",
  )!;
  assert.deepEqual(parseHeader(bytes), {
    version: 2,
    isMap: true,
    result: "SUCCESS",
    leaseSeconds: 1_800,
    epochSeconds: 100,
  });
  assert.ok(answersMap(bytes, MAP));
  assert.ok(!answersMap(bytes, { ...MAP, kind: "udp" }));
  assert.ok(!answersMap(bytes, { ...MAP, internalPort: 41_001 }));
  assert.ok(!answersMap(bytes, { ...MAP, nonce: new Uint8Array(12) }));
  assert.ok(!answersMap(bytes.subarray(0, 56), MAP));
  assert.deepEqual(parseMapping(bytes, 4), {
    externalAddress: "198.51.100.7",
    externalPort: 50_001,
  });
  assert.throws(() => parseMapping(bytes.fill(0x20, 44, 60), 4), { code: "ROUTER_ANSWER" });
});

Deno.test("for an address of IPv6, a request of PCP has its 16 bytes, and any external address", () => {
  const localAddress = fromHex("2a000005000000000000000000000002")!;
  assert.equal(
    toHex(encodeMap({ ...MAP, localAddress })),
    "02010000" + "00000e10" + toHex(localAddress) + "aa".repeat(12) + "06000000" + "a028" + "c350" +
      "00".repeat(16),
  );
  // The answer of miniupnpd 2.3.1 to a request of TCP port 6881.
  const bytes = fromHex(
    "0281000000000e1000000003000000000000000000000000" + "4e".repeat(12) +
      "060000001ae11ae12a000005000000000000000000000002",
  )!;
  assert.deepEqual(parseMapping(bytes, 6), { externalAddress: "2a00:5::2", externalPort: 6_881 });
  assert.throws(() => parseMapping(bytes, 4), { code: "ROUTER_ANSWER" });
});

Deno.test("a NAT-PMP server's refusal of PCP is understood", () => {
  const header = parseHeader(fromHex("0080000100000064")!);
  assert.deepEqual([header?.version, header?.result], [0, "UNSUPP_VERSION"]);
});

Deno.test("datagrams that are no answer of PCP are ignored", () => {
  for (
    const hex of [
      "",
      "028100",
      toHex(encodeMap(MAP)), // a request
      "0281" + "00".repeat(20), // too short
      "0281" + "00".repeat(23), // not a multiple of four
      "0282" + "00".repeat(22), // the opcode PEER
      "0381" + "00".repeat(22), // a newer version
      "0281" + "00".repeat(1_200), // too long
    ]
  ) assert.equal(parseHeader(fromHex(hex)!), undefined, hex.slice(0, 20));
});
