import assert from "node:assert/strict";
import { ipBytes } from "../../../src/engine/ip_bytes.ts";

Deno.test("an IPv4 address is 4 bytes, also as a dual-stack listener reports it", () => {
  assert.deepEqual(ipBytes("192.0.2.7"), Uint8Array.of(192, 0, 2, 7));
  assert.deepEqual(ipBytes("::ffff:192.0.2.7"), Uint8Array.of(192, 0, 2, 7));
});

Deno.test("an IPv6 address is 16 bytes in each of its forms", () => {
  const bytes = (text: string) => ipBytes(text)?.toHex();
  assert.equal(bytes("2001:db8::1"), "20010db8000000000000000000000001");
  assert.equal(bytes("::1"), "00000000000000000000000000000001");
  assert.equal(bytes("::"), "00000000000000000000000000000000");
  assert.equal(bytes("1:2:3:4:5:6:7:8"), "00010002000300040005000600070008");
  assert.equal(bytes("2001:db8::"), "20010db8000000000000000000000000");
});

Deno.test("other texts are no addresses", () => {
  for (const text of ["", "host.example", "1.2.3", "1.2.3.256", "fe80::1%eth0", ":::", "1:2"]) {
    assert.equal(ipBytes(text), undefined, text);
  }
});
