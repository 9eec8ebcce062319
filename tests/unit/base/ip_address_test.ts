import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress, parseAddress, peerAddressBytes, unmapIpv4 } from "../../../src/base/mod.ts";

Deno.test("an IPv4 peer has 4 bytes, also as a dual-stack listener reports it", () => {
  assert.deepEqual(peerAddressBytes("192.0.2.7"), Uint8Array.of(192, 0, 2, 7));
  assert.deepEqual(peerAddressBytes("::ffff:192.0.2.7"), Uint8Array.of(192, 0, 2, 7));
});

Deno.test("only an address that is mapped to IPv6 loses its prefix", () => {
  assert.equal(unmapIpv4("::ffff:192.0.2.7"), "192.0.2.7");
  assert.equal(unmapIpv4("::FFFF:192.0.2.7"), "192.0.2.7");
  for (const text of ["192.0.2.7", "2001:db8::ffff:1", "::ffff:c000:207", "::1", ""]) {
    assert.equal(unmapIpv4(text), text);
  }
});

Deno.test("an IPv6 address has 16 bytes in each of its forms", () => {
  const bytes = (text: string) => peerAddressBytes(text)?.toHex();
  assert.equal(bytes("2001:db8::1"), "20010db8000000000000000000000001");
  assert.equal(bytes("::1"), "00000000000000000000000000000001");
  assert.equal(bytes("::"), "00000000000000000000000000000000");
  assert.equal(bytes("1:2:3:4:5:6:7:8"), "00010002000300040005000600070008");
  assert.equal(bytes("2001:db8::"), "20010db8000000000000000000000000");
});

Deno.test("other texts are no addresses", () => {
  for (const text of ["", "host.example", "1.2.3", "1.2.3.256", "fe80::1%eth0", ":::", "1:2"]) {
    assert.equal(peerAddressBytes(text), undefined, text);
  }
});

// The texts are those of RFC 5952, section 4, and the edges of its rules.
Deno.test("an IPv6 address is written in the canonical form", () => {
  const canonical = [
    ["2001:0db8:0:0:0:0:0:0001", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:DB8::A", "2001:db8::a"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["::ffff:192.0.2.7", "::ffff:c000:207"],
  ] as const;
  for (const [text, expected] of canonical) {
    assert.equal(formatAddress(parseAddress(text)!), expected);
  }
});

Deno.test("the text of an address is read as the same bytes", () => {
  const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
  const six = fc.array(group, { minLength: 8, maxLength: 8 })
    .map((groups) => Uint8Array.from(groups.flatMap((one) => [one >> 8, one & 255])));
  const four = fc.uint8Array({ minLength: 4, maxLength: 4 });
  fc.assert(fc.property(fc.oneof(six, four), (bytes) => {
    const text = formatAddress(bytes);
    assert.deepEqual(parseAddress(text), bytes);
    if (bytes.length === 16 && !text.startsWith("::ffff:")) {
      assert.equal(new URL(`http://[${text}]`).hostname, `[${text}]`);
    }
  }));
});

Deno.test("IPv4 is four parts from 0 to 255, without leading zeros, and nothing else", () => {
  const part = "(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])";
  const form = new RegExp(`^${part}(?:\\.${part}){3}$`);
  for (const text of ["0.0.0.0", "255.255.255.255", "1.2.3.04", "1.2.3.", ".1.2.3", "1.2.3.4.5"]) {
    assert.equal(parseAddress(text) !== undefined, form.test(text), text);
  }
  const parts = fc.array(fc.oneof(fc.nat(300).map(String), fc.constantFrom("", "00", "1a", " 1")), {
    minLength: 3,
    maxLength: 5,
  });
  fc.assert(fc.property(parts, (parts) => {
    const text = parts.join(".");
    assert.equal(parseAddress(text)?.join("."), form.test(text) ? text : undefined);
  }));
});
