import assert from "node:assert/strict";
import { networkOf } from "../../../src/host/ip_versions.ts";

const loopback = ["127.0.0.1", "::1"];

Deno.test("a machine with an IPv4 address lacks nothing", () => {
  const addresses = [...loopback, "192.0.2.2"];
  assert.deepEqual(networkOf(addresses, false), { ipv4: true, ipv6: false });
});

Deno.test("a machine with only a local IPv6 address has no DHT, and serves peers that know its address", () => {
  const { ipv4, ipv6, lacks } = networkOf([...loopback, "fd00::1", "fe80::1"], false);
  assert.deepEqual([ipv4, ipv6], [false, true]);
  assert.match(
    lacks!,
    /no public IPv6 address, so the DHT is not reached.*IPv6 address are served/,
  );
});

Deno.test("a machine with only a public IPv6 address lacks peers and nodes with only IPv4", () => {
  const { ipv4, ipv6, lacks } = networkOf([...loopback, "2a01:4f8::1", "fe80::1"], false);
  assert.deepEqual([ipv4, ipv6], [false, true]);
  assert.match(lacks!, /no IPv4 address, so peers and DHT nodes with only IPv4 are not reached$/);
});

Deno.test("loopback and link-local addresses do not count, except loopback in a test network", () => {
  const addresses = [...loopback, "fe80::1"];
  assert.match(networkOf(addresses, false).lacks!, /no IPv6 address at all/);
  assert.deepEqual(networkOf(addresses, true), { ipv4: true, ipv6: true });
  assert.equal(networkOf([], true).ipv4, false);
  const only6 = networkOf(["::1"], true);
  assert.deepEqual([only6.ipv4, only6.ipv6], [false, true]);
  assert.match(only6.lacks!, /with only IPv4 are not reached$/, "a test network on ::1 is reached");
});
