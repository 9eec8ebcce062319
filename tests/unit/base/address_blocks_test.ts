import assert from "node:assert/strict";
import fc from "fast-check";
import {
  blockOf,
  formatAddress,
  isInBlock,
  isLocal,
  isPublic,
  parseAddress,
} from "../../../src/base/mod.ts";

function publicText(text: string): boolean {
  const address = parseAddress(text);
  assert.ok(address, `${text} is an address`);
  return isPublic(address);
}

const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 });
/** Addresses of IPv6 with long runs of zeros, which have the most textual forms. */
const sparse = fc.array(fc.oneof(fc.constant(0), fc.nat(65_535)), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255])));

/** Every textual form of an address of IPv6: a place for "::", case, zeros, dotted IPv4. */
function formsOf(address: Uint8Array): string[] {
  const groups = Array.from(
    { length: 8 },
    (_, i) => (address[2 * i]! << 8 | address[2 * i + 1]!).toString(16),
  );
  const dotted = address.subarray(12).join(".");
  const tails = [groups, [...groups.slice(0, 6), dotted]];
  const forms = tails.flatMap((parts) => {
    const found = [parts.join(":")];
    for (let from = 0; from < parts.length; from++) {
      for (let to = from + 1; to <= parts.length; to++) {
        if (parts.slice(from, to).some((part) => part !== "0")) break;
        found.push(`${parts.slice(0, from).join(":")}::${parts.slice(to).join(":")}`);
      }
    }
    return found;
  });
  const padded = (text: string) =>
    text.split(":").map((part) => /^[0-9a-f]{1,4}$/.test(part) ? part.padStart(4, "0") : part)
      .join(":");
  return [...forms, ...forms.map((text) => text.toUpperCase()), ...forms.map(padded)];
}

Deno.test("every textual form of an address is parsed to the same bytes and gets the same answer", () => {
  fc.assert(fc.property(fc.oneof(ipv6, sparse), (address) => {
    for (const text of formsOf(address)) {
      const parsed = parseAddress(text);
      assert.deepEqual(parsed, address, text);
      assert.equal(isPublic(parsed!), isPublic(address), text);
    }
    assert.deepEqual(parseAddress(formatAddress(address)), address);
  }));
});

Deno.test("the parser agrees with the URL parser on arbitrary text of hexadecimal digits and colons", () => {
  const text = fc.string({
    unit: fc.constantFrom(...":::::00aF19.%g".split("")),
    minLength: 2,
    maxLength: 30,
  });
  fc.assert(
    fc.property(fc.oneof(text, sparse.map((one) => formsOf(one).at(-1)!)), (text) => {
      if (!text.includes(":")) return;
      const parsed = parseAddress(text);
      const url = URL.parse(`http://[${text}]/`);
      assert.equal(parsed !== undefined, url !== null, text);
      if (parsed) assert.deepEqual(parseAddress(url!.hostname.slice(1, -1)), parsed, text);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("the parser refuses text that is no address, and addresses with a zone", () => {
  for (
    const text of [
      ...["", ":", ":::", "1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.4 ", "0x7f.1"],
      ...["1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "1:2:3:4:5:6:7:8::"],
      ...["::1:2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "[::1]"],
      ...[
        "fe80::1%eth0",
        "::1%1",
        "::1.2.3",
        "::1.2.3.4:5",
        "1.2.3.4::",
        "::01.2.3.4",
        "localhost",
      ],
      ...["::ffff:1.2.3.256", "2130706433", "127.1", "１.1.1.1", "::1 ", "::1/128"],
    ]
  ) assert.equal(parseAddress(text), undefined, text);
});

Deno.test("addresses that are not public are refused in every form", () => {
  for (
    const text of [
      ...["127.0.0.1", "192.168.1.1", "169.254.169.254", "10.0.0.1", "100.64.0.1", "0.0.0.0"],
      ...["::", "::1", "::ffff:10.0.0.1", "::ffff:a00:1", "::ffff:8.8.8.8", "::8.8.8.8"],
      ...["::127.0.0.1", "fe80::1", "fec0::1", "fc00::1", "fd00::1", "ff02::1", "ff15::efc0:988f"],
      ...["64:ff9b::a00:1", "64:ff9b::127.0.0.1", "64:ff9b:1::8.8.8.8", "64:ff9b:0:0:1::808:808"],
      ...[
        "2002:a00:1::1",
        "2002:7f00:1::",
        "2002:c0a8:101::1",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
      ],
      ...["2001:1::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:30::1", "2001:1ff::1"],
      ...["2001:0:a00:1::f7f7:f7f7", "2001:0:808:808::f5ff:fffe", "100::1", "4000::1", "1fff::1"],
    ]
  ) assert.equal(publicText(text), false, text);
});

Deno.test("public addresses are permitted, also those that embed public IPv4", () => {
  for (
    const text of [
      ...[
        "8.8.8.8",
        "1.1.1.1",
        "2600::1",
        "2a00:1450:4001:80b::200e",
        "2001:200::1",
        "2001:470::1",
      ],
      ...["64:ff9b::8.8.8.8", "2002:808:808::1", "2001:0:808:808::f7f7:f7f7", "2003::1", "3ffe::1"],
      ...["2001:db7:ffff::1", "2001:db9::1", "3fff:1000::1", "2000::1", "3fff:ffff::1"],
    ]
  ) assert.equal(publicText(text), true, text);
});

Deno.test("an address of IPv6 that embeds IPv4 is public only if the IPv4 address is", () => {
  const inverted = (address: Uint8Array) => address.map((byte) => ~byte);
  const zeros = (count: number) => Array<number>(count).fill(0);
  const dns = [8, 8, 8, 8];
  fc.assert(
    fc.property(ipv4, ipv6, (inner, noise) => {
      const good = isPublic(inner);
      const forms: [string, number[], boolean][] = [
        ["NAT64", [0, 0x64, 0xff, 0x9b, ...zeros(8), ...inner], good],
        ["6to4", [0x20, 0x02, ...inner, ...noise.subarray(6)], good],
        [
          "Teredo client",
          [0x20, 0x01, 0, 0, ...dns, ...noise.subarray(8, 12), ...inverted(inner)],
          good,
        ],
        ["Teredo server", [
          0x20,
          0x01,
          0,
          0,
          ...inner,
          ...noise.subarray(8, 12),
          247,
          247,
          247,
          247,
        ], good],
        ["mapped", [...zeros(10), 255, 255, ...inner], false],
        ["compatible", [...zeros(12), ...inner], false],
        ["local NAT64", [0, 0x64, 0xff, 0x9b, 0, 1, ...zeros(6), ...inner], false],
      ];
      for (const [form, bytes, expected] of forms) {
        const address = Uint8Array.from(bytes);
        for (const text of formsOf(address)) {
          assert.equal(isPublic(parseAddress(text)!), expected, `${form} ${text}`);
        }
      }
    }),
    { numRuns: 300, examples: [[Uint8Array.of(10, 0, 0, 1), new Uint8Array(16)]] },
  );
});

Deno.test("outside 2000::/3 only NAT64 of public IPv4 is public", () => {
  const nat64 = blockOf("64:ff9b::/96");
  fc.assert(fc.property(ipv6, (address) => {
    if (address[0]! >> 5 === 1 || isInBlock(nat64, address)) return;
    assert.equal(isPublic(address), false);
  }));
});

Deno.test("local addresses are loopback, private and unique local", () => {
  const local = ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.9", "::1", "fc00::1", "fdff::1"];
  for (const text of local) assert.ok(isLocal(parseAddress(text)!), text);
  const others = ["169.254.1.1", "8.8.8.8", "fe80::1", "2600::1", "::ffff:127.0.0.1", "172.32.0.1"];
  for (const text of others) assert.ok(!isLocal(parseAddress(text)!), text);
});

Deno.test("a block contains the addresses of its family that share its first bits", () => {
  const block = blockOf("172.16.0.0/12");
  for (const text of ["172.16.0.0", "172.31.255.255"]) {
    assert.ok(isInBlock(block, parseAddress(text)!), text);
  }
  for (const text of ["172.15.255.255", "172.32.0.0", "ac10::", "::172.16.0.1"]) {
    assert.ok(!isInBlock(block, parseAddress(text)!), text);
  }
  for (const text of ["1.2.3.4", "1.2.3.4/33", "::/129", "x/8", "::/", "1.2.3.4/-1"]) {
    assert.throws(() => blockOf(text), TypeError, text);
  }
});
