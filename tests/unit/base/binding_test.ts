/** Tests how the setting `bind` finds addresses of this machine. */

import assert from "node:assert/strict";
import { findBinding, type InterfaceAddress } from "../../../src/base/mod.ts";

const machine: InterfaceAddress[] = [
  { name: "lo", family: "IPv4", address: "127.0.0.1" },
  { name: "eth0", family: "IPv4", address: "192.0.2.7" },
  { name: "eth0", family: "IPv4", address: "192.0.2.8" },
  { name: "eth0", family: "IPv6", address: "fe80::1" },
  { name: "eth0", family: "IPv6", address: "2001:db8::7" },
  { name: "tun0", family: "IPv4", address: "10.8.0.6" },
  { name: "sit0", family: "IPv6", address: "fe80::2" },
];

Deno.test("an address stands for itself, whatever its form", () => {
  const tun0 = { interface: "tun0", ipv4: "10.8.0.6" };
  assert.deepEqual(findBinding("10.8.0.6", machine), { name: "10.8.0.6", ...tun0 });
  const name = "2001:DB8:0:0::7";
  const expected = { name, interface: "eth0", ipv6: "2001:db8::7" };
  assert.deepEqual(findBinding(name, machine), expected);
});

Deno.test("an interface stands for its first address of each family, without link-local ones", () => {
  const eth0 = { interface: "eth0", ipv4: "192.0.2.7", ipv6: "2001:db8::7" };
  assert.deepEqual(findBinding("eth0", machine), { name: "eth0", ...eth0 });
  const tun0 = { interface: "tun0", ipv4: "10.8.0.6" };
  assert.deepEqual(findBinding("tun0", machine), { name: "tun0", ...tun0 });
});

Deno.test("every address of 127.0.0.0/8 is this machine's", () => {
  const expected = { name: "127.3.2.1", interface: "lo", ipv4: "127.3.2.1" };
  assert.deepEqual(findBinding("127.3.2.1", machine), expected);
});

Deno.test("an address or interface that is not there is told, with those that are", () => {
  const problemOf = (name: string) => (findBinding(name, machine) as { problem: string }).problem;
  assert.match(problemOf("198.51.100.1"), /^198\.51\.100\.1 is not an address .* tun0 10\.8\.0\.6/);
  assert.match(problemOf("::1"), /^::1 is not an address of this machine/);
  assert.match(problemOf("tun1"), /no network interface tun1 .* eth0 192\.0\.2\.7/);
  assert.match(problemOf("sit0"), /^the network interface sit0 has link-local addresses only$/);
});
