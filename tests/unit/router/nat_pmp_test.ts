/** Tests packets of NAT-PMP byte by byte, as RFC 6886 shows them. */

import assert from "node:assert/strict";
import { fromHex, toHex } from "../../../src/base/mod.ts";
import {
  encodeAddressRequest,
  encodeMapRequest,
  parseNatPmpAnswer,
} from "../../../src/router/nat_pmp.ts";

const MAP = {
  kind: "tcp",
  internalPort: 41_000,
  externalPort: 50_000,
  leaseSeconds: 3_600,
} as const;

Deno.test("a request of NAT-PMP has the bytes of RFC 6886", () => {
  assert.equal(toHex(encodeAddressRequest()), "0000");
  assert.equal(toHex(encodeMapRequest(MAP)), "00020000" + "a028" + "c350" + "00000e10");
  assert.equal(encodeMapRequest({ ...MAP, kind: "udp" })[1], 1);
});

Deno.test("an answer of NAT-PMP is read", () => {
  assert.deepEqual(parseNatPmpAnswer(fromHex("0080000000000064c6336407")!), {
    asked: "address",
    result: "success",
    epochSeconds: 100,
    externalAddress: "198.51.100.7",
  });
  assert.deepEqual(parseNatPmpAnswer(fromHex("0082000000000064a028c35100000708")!), {
    asked: "tcp",
    result: "success",
    epochSeconds: 100,
    mapping: { internalPort: 41_000, externalPort: 50_001, leaseSeconds: 1_800 },
  });
  assert.deepEqual(parseNatPmpAnswer(fromHex("0081000200000064")!), {
    asked: "udp",
    result: "not authorized",
    epochSeconds: 100,
  });
});

Deno.test("datagrams that are no answer of NAT-PMP are ignored", () => {
  for (
    const hex of [
      "",
      "00800000000000",
      "0280000000000064c6336407", // another version
      "0000000000000064c6336407", // a request
      "0083000000000064c6336407", // an unknown opcode
      "0080000000000064c63364", // too short for an address
      "0082000000000064a028c351000007", // too short for a mapping
      "0082000000000064a028c3510000070800", // too long
    ]
  ) assert.equal(parseNatPmpAnswer(fromHex(hex)!), undefined, hex);
});
