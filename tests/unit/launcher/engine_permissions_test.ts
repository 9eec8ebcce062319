import assert from "node:assert/strict";
import fc from "fast-check";
import { LOCAL_RANGES } from "../../../src/base/mod.ts";
import { enginePermissions, publicRanges } from "../../../src/launcher/mod.ts";

/** Converts an IPv4 address to a number. */
function addressOf(text: string): number {
  const parts = text.split(".").map(Number);
  assert.equal(parts.length, 4);
  assert.ok(parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255), text);
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** Returns the first and the last address of a CIDR range. */
function boundsOf(range: string): [number, number] {
  const [base, bits] = range.split("/");
  const first = addressOf(base!);
  const length = 2 ** (32 - Number(bits));
  assert.ok(Number(bits) >= 1 && Number(bits) <= 32, range);
  assert.equal(first % length, 0, `${range} begins in the middle of a block`);
  return [first, first + length - 1];
}

function isIn(ranges: readonly string[], address: number): boolean {
  return ranges.map(boundsOf).some(([first, last]) => address >= first && address <= last);
}

const everywhere = 2 ** 32 - 1;
/**
 * Address ranges without public peers: the blocks of IANA's IPv4 special-purpose registry (RFC
 * 6890) that are not globally reachable, and multicast (RFC 5771).
 */
const reserved = [
  ["this host", "0.0.0.0/8"],
  ["private", "10.0.0.0/8"],
  ["shared by a provider's customers", "100.64.0.0/10"],
  ["loopback", "127.0.0.0/8"],
  ["link-local, with the metadata services", "169.254.0.0/16"],
  ["private", "172.16.0.0/12"],
  ["IETF protocol assignments", "192.0.0.0/24"],
  ["documentation (TEST-NET-1)", "192.0.2.0/24"],
  ["6to4 relays, given up", "192.88.99.0/24"],
  ["private", "192.168.0.0/16"],
  ["benchmarking", "198.18.0.0/15"],
  ["documentation (TEST-NET-2)", "198.51.100.0/24"],
  ["documentation (TEST-NET-3)", "203.0.113.0/24"],
  ["multicast", "224.0.0.0/4"],
  ["reserved, and the broadcast address", "240.0.0.0/4"],
] as const;

for (const [what, range] of reserved) {
  Deno.test(`${range} (${what}) is not permitted, and the addresses next to it are`, () => {
    const [first, last] = boundsOf(range);
    const middle = first + Math.floor((last - first) / 3);
    for (const address of [first, first + 1, middle, last - 1, last]) {
      assert.ok(!isIn(publicRanges(), address), textOf(address));
    }
    const isReserved = (address: number) => isIn(reserved.map(([, other]) => other), address);
    for (const address of [first - 1, last + 1]) {
      if (address < 0 || address > everywhere || isReserved(address)) continue;
      assert.ok(isIn(publicRanges(), address), `${textOf(address)} is public`);
    }
  });
}

Deno.test("public addresses are permitted", () => {
  for (
    const text of [
      "1.0.0.0",
      "1.1.1.1",
      "8.8.8.8",
      "9.255.255.255",
      "11.0.0.0",
      "100.63.255.255",
      "100.128.0.0",
      "126.255.255.255",
      "128.0.0.0",
      "169.253.255.255",
      "169.255.0.0",
      "172.15.255.255",
      "172.32.0.0",
      "185.125.190.21",
      "192.0.1.0",
      "192.0.32.7",
      "192.1.0.0",
      "192.31.196.1",
      "192.52.193.1",
      "192.167.255.255",
      "192.169.0.0",
      "192.175.48.1",
      "193.0.0.1",
      "198.17.255.255",
      "198.20.0.0",
      "223.255.255.255",
    ]
  ) assert.ok(isIn(publicRanges(), addressOf(text)), text);
});

Deno.test("the ranges do not overlap, and with the reserved ones they cover all addresses", () => {
  const bounds = publicRanges().map(boundsOf).sort(([a], [b]) => a - b);
  bounds.forEach(([first], i) => assert.ok(i === 0 || first > bounds[i - 1]![1], textOf(first)));
  const count = bounds.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const left = reserved.map(([, range]) => boundsOf(range))
    .reduce((sum, [first, last]) => sum + last - first + 1, 0);
  assert.equal(count, 2 ** 32 - left);
});

Deno.test("every address is either public or reserved", () => {
  const others = reserved.map(([, range]) => range);
  fc.assert(fc.property(fc.integer({ min: 0, max: everywhere }), (address) => {
    assert.notEqual(isIn(publicRanges(), address), isIn(others, address), textOf(address));
  }));
});

Deno.test("allowLocal adds loopback and the private networks, and nothing else", () => {
  const options = { port: 6_881, seedDirectory: "/seed", allowLocal: false };
  const without = enginePermissions(options).net as string[];
  const withLocal = enginePermissions({ ...options, allowLocal: true }).net as string[];
  assert.deepEqual(without, ["0.0.0.0:6881", "[::]:6881", ...publicRanges()]);
  assert.deepEqual(withLocal, [...without, ...LOCAL_RANGES]);
  const local = ["10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
  assert.deepEqual([...LOCAL_RANGES].sort(), local);
});

Deno.test("the worker may use only its port and its directory", () => {
  const { net, read, write, ...others } = enginePermissions({
    port: 7_000,
    seedDirectory: "/srv/seed",
    allowLocal: true,
  });
  assert.deepEqual((net as string[]).slice(0, 2), ["0.0.0.0:7000", "[::]:7000"]);
  assert.deepEqual(read, ["/srv/seed"]);
  assert.deepEqual(write, ["/srv/seed"]);
  for (const [name, permission] of Object.entries(others)) assert.equal(permission, false, name);
  assert.deepEqual(Object.keys(others).sort(), ["env", "ffi", "import", "run", "sys"]);
});

Deno.test("an engine with a port for neighbours may listen there, too", () => {
  const options = { port: 7_000, seedDirectory: "/srv/seed", allowLocal: false };
  const own = (lanPort?: number, port = 7_000) =>
    (enginePermissions({ ...options, port }, lanPort).net as string[])
      .filter((entry) => !publicRanges().includes(entry));
  assert.deepEqual(own(), ["0.0.0.0:7000", "[::]:7000"]);
  assert.deepEqual(own(50_000), [...own(), "0.0.0.0:50000", "[::]:50000"]);
  assert.deepEqual(own(50_000, 0), ["0.0.0.0", "[::]"]);
});

Deno.test("a bound engine may listen at its addresses only, and connect from them", () => {
  const options = { port: 6_881, seedDirectory: "/seed", allowLocal: false };
  const tun0 = { name: "tun0", interface: "tun0", ipv4: "10.8.0.6" };
  const netOf = (options: Parameters<typeof enginePermissions>[0]) =>
    (enginePermissions(options).net as string[]).filter((entry) => !publicRanges().includes(entry));
  assert.deepEqual(netOf({ ...options, binding: tun0 }), ["10.8.0.6:6881", "10.8.0.6:0"]);
  const both = { ...tun0, ipv6: "fd00::6" };
  const ipv6 = ["[fd00::6]:6881", "[fd00::6]:0"];
  assert.deepEqual(netOf({ ...options, binding: both }), [
    "10.8.0.6:6881",
    "10.8.0.6:0",
    ...ipv6,
  ]);
  const anyPort = { ...options, port: 0, binding: both };
  assert.deepEqual(netOf(anyPort), ["10.8.0.6", "[fd00::6]"]);
});
