import assert from "node:assert/strict";
import { parseAddress } from "../../../src/base/mod.ts";
import { HEARD_MS, type Interface, Policy } from "../../../src/gate_thread/policy.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const at = (text: string) => parseAddress(text)!;
const interfaces = ["192.168.1.2/24", "10.0.0.2/8", "2600::2/64", "169.254.1.1/16", "fe80::2/64"]
  .map((cidr) => ({ cidr }) as Interface);

function open(allowLocal = false) {
  const clock = new FakeClock();
  const policy = new Policy({ clock, allowLocal, interfaces });
  const isRouter = (text: string) => {
    try {
      return policy.router(text) === text;
    } catch (error) {
      assert.equal((error as { code?: string }).code, "ADDRESS_REFUSED");
      return false;
    }
  };
  return { clock, policy, isRouter };
}

Deno.test("a neighbour may be dialled for an hour, only at the announced port", async () => {
  const { policy, clock } = open();
  const neighbour = at("192.168.1.7");
  assert.ok(!policy.mayDial(neighbour, 6_881));
  assert.ok(policy.noteNeighbour(neighbour, 6_881));
  assert.ok(!policy.mayDial(neighbour, 6_882));
  assert.ok(!policy.mayDial(at("192.168.1.71"), 6_881));
  assert.ok(!policy.mayFetch(neighbour, 6_881), "a web server is not a neighbour");
  assert.ok(!policy.maySend(neighbour, 6_881));
  await clock.advance(HEARD_MS);
  assert.ok(policy.mayDial(neighbour, 6_881));
  await clock.advance(1);
  assert.ok(!policy.mayDial(neighbour, 6_881));
});

Deno.test("only machines in our own networks, at ports of peers, are neighbours", () => {
  const { policy } = open();
  for (
    const host of ["192.168.2.7", "172.16.0.1", "8.8.8.8", "169.254.1.7", "fe80::7", "fd00::1"]
  ) {
    assert.ok(!policy.noteNeighbour(at(host), 6_881), host);
    if (host !== "8.8.8.8") assert.ok(!policy.mayDial(at(host), 6_881), host);
  }
  assert.ok(!policy.noteNeighbour(at("192.168.1.7"), 22));
  assert.ok(!policy.mayDial(at("192.168.1.7"), 22));
  assert.ok(policy.noteNeighbour(at("2600::7"), 6_881), "a public address in our network");
});

Deno.test("only private addresses of our own networks are asked if they speak uTP", () => {
  const unique = { name: "eth0", family: "IPv6", scopeid: 0 } as const;
  const { policy } = open();
  policy.interfaces = [
    ...policy.interfaces,
    { ...unique, address: "fd00:6c72::1", cidr: "fd00:6c72::1/64" },
    { ...unique, address: "fe80::1", cidr: "fe80::1/64" },
  ];
  for (const host of ["192.168.1.7", "fd00:6c72::7"]) assert.ok(policy.mayProbe(at(host), 6_881));
  for (const host of ["192.168.2.7", "8.8.8.8", "2600::7", "fd00::7", "fe80::7", "::1"]) {
    assert.ok(!policy.mayProbe(at(host), 6_881), host);
  }
  assert.ok(!policy.mayProbe(at("fd00:6c72::7"), 53));
});

Deno.test("the memory of neighbours is bounded, in total and for one address", () => {
  const { policy } = open();
  for (let port = 2_000; port < 2_100; port++) policy.noteNeighbour(at("10.0.0.1"), port);
  const ports = Array.from({ length: 100 }, (_, i) => 2_000 + i)
    .filter((port) => policy.mayDial(at("10.0.0.1"), port));
  assert.deepEqual(ports, [2_092, 2_093, 2_094, 2_095, 2_096, 2_097, 2_098, 2_099]);
  for (let i = 0; i < 8; i++) policy.noteNeighbour(at("10.0.0.1"), 2_092);
  assert.ok(policy.mayDial(at("10.0.0.1"), 2_093), "a repeated announcement drops no other");
  for (let i = 0; i < 256; i++) policy.noteNeighbour(at(`10.0.1.${i}`), 7_000);
  assert.ok(!policy.mayDial(at("10.0.0.1"), 2_099), "the oldest are forgotten");
  assert.ok(policy.mayDial(at("10.0.1.0"), 7_000));
});

Deno.test("ports of system services are refused, and local addresses need allowLocal", () => {
  const [strict, lax] = [open(false).policy, open(true).policy];
  const peer = at("2600::1");
  assert.deepEqual([22, 25, 80, 443, 1_024].filter((port) => strict.mayDial(peer, port)), [
    ...[80, 443, 1_024],
  ]);
  assert.ok(!strict.maySend(peer, 80) && strict.maySend(peer, 1_024));
  assert.ok(!lax.maySend(at("8.8.8.8"), 7_000), "the socket is of IPv6 alone");
  for (const text of ["127.0.0.1", "::1", "fd00::1"]) {
    assert.ok(!strict.mayDial(at(text), 7_000) && lax.mayDial(at(text), 7_000), text);
  }
  for (const text of ["169.254.169.254", "fe80::1", "::ffff:127.0.0.1"]) {
    assert.ok(!lax.mayDial(at(text), 7_000), text);
  }
});

Deno.test("only the default gateway counts as a router if the launcher knows it", () => {
  const { policy, isRouter } = open();
  policy.gateway = "192.168.1.1";
  assert.ok(isRouter("192.168.1.1"));
  assert.equal(policy.noteAnswer(at("192.168.1.1")), true);
  assert.equal(policy.noteAnswer(at("192.168.1.2")), false);
  for (const text of ["192.168.1.2", "8.8.8.8", "router", "", "192.168.1.1.", "::1"]) {
    assert.ok(!isRouter(text), text);
  }
  policy.gateway = "192.168.1.2";
  assert.ok(!isRouter("192.168.1.1"), "the gateway has changed");
});

Deno.test("an address that answered a search counts as a router for an hour", async () => {
  const { policy, isRouter, clock } = open();
  assert.ok(!isRouter("192.168.1.1"));
  assert.equal(policy.noteAnswer(at("192.168.1.1")), true);
  await clock.advance(HEARD_MS);
  assert.ok(isRouter("192.168.1.1"));
  await clock.advance(1);
  assert.ok(!isRouter("192.168.1.1"));
  assert.equal(policy.noteAnswer(at("192.168.1.1")), true);
  policy.gateway = "10.0.0.1";
  policy.gateway = undefined;
  assert.ok(!isRouter("192.168.1.1"), "a change of the gateway forgets it");
});

Deno.test("only a private IPv4 address counts as a router", () => {
  const [strict, lax] = [open(false), open(true)];
  for (const text of ["8.8.8.8", "169.254.169.254", "224.0.0.1", "fd00::1", "::1"]) {
    strict.policy.gateway = lax.policy.gateway = text;
    assert.ok(!strict.isRouter(text) && !lax.isRouter(text), text);
    assert.equal(strict.policy.noteAnswer(at(text)), false, text);
  }
  strict.policy.gateway = lax.policy.gateway = "127.0.0.1";
  assert.ok(!strict.isRouter("127.0.0.1") && lax.isRouter("127.0.0.1"));
});

Deno.test("the memory of answers is bounded", () => {
  const { policy, isRouter } = open();
  for (let last = 1; last <= 9; last++) policy.noteAnswer(at(`10.0.0.${last}`));
  assert.ok(!isRouter("10.0.0.1"));
  assert.ok(isRouter("10.0.0.9"));
});

/** The answer of a router that names an address in the location of its description. */
const naming = (host: string) =>
  new TextEncoder().encode(`HTTP/1.1 200 OK\r\nST: x\r\nLOCATION: http://[${host}]:5000/a\r\n\r\n`);

function openIpv6(address = "fe80::1%eth0") {
  const opened = open();
  const isAllowed = (work: () => unknown) => {
    try {
      work();
      return true;
    } catch (error) {
      assert.equal((error as { code?: string }).code, "ADDRESS_REFUSED");
      return false;
    }
  };
  opened.policy.gatewayIpv6 = { address, localAddress: "2a00:5::2" };
  return {
    ...opened,
    isGateway: (text: string) => isAllowed(() => opened.policy.gatewayAt(text)),
    isRouter: (text: string) => isAllowed(() => opened.policy.routerIpv6(text)),
  };
}

Deno.test("datagrams over IPv6 go only to the default gateway, if it can be a home router", () => {
  const { isGateway } = openIpv6();
  assert.ok(isGateway("fe80::1%eth0"));
  for (const text of ["fe80::1", "fe80::1%eth1", "fe80::2%eth0", "2a00:5::1", "::1", ""]) {
    assert.ok(!isGateway(text), text);
  }
  assert.ok(openIpv6("fd00::1").isGateway("fd00::1"));
  for (const text of ["2a00:5::1", "::1", "::ffff:127.0.0.1", "ff02::1%eth0"]) {
    assert.ok(!openIpv6(text).isGateway(text), text);
  }
});

Deno.test("a connection over IPv6 goes only to a public address of our network that the gateway named", async () => {
  const { policy, isRouter, clock } = openIpv6();
  assert.ok(!isRouter("2a00:5::1"));
  assert.ok(policy.noteAnswerIpv6("fe80::1", naming("2A00:5::0:1")));
  assert.deepEqual(policy.routerIpv6("2a00:5::1"), { to: at("2a00:5::1"), from: "2a00:5::2" });
  assert.ok(policy.noteAnswerIpv6("2a00:5::9", naming("2a00:5::9")), "it names itself");
  for (
    const [sender, named] of [
      ["fe80::2", "2a00:5::7"],
      ["2a00:5::8", "2a00:5::7"],
      ["fe80::1", "2a00:5:0:1::7"],
      ["fe80::1", "fd00::7"],
      ["fe80::1", "fe80::1"],
      ["fe80::1", "::1"],
      ["fe80::1", "::ffff:127.0.0.1"],
      ["fe80::1", "router"],
    ] as const
  ) {
    assert.ok(!policy.noteAnswerIpv6(sender, naming(named)), `${sender} ${named}`);
    assert.ok(!isRouter(named), named);
  }
  await clock.advance(HEARD_MS);
  assert.ok(isRouter("2a00:5::1"));
  await clock.advance(HEARD_MS);
  assert.ok(isRouter("2a00:5::1"), "a router in use is kept");
  assert.ok(!isRouter("2a00:5::9"));
  policy.gatewayIpv6 = { address: "fe80::1%eth0", localAddress: "2a00:5::3" };
  assert.ok(!isRouter("2a00:5::1"), "a change of our address forgets it");
  policy.gatewayIpv6 = undefined;
  assert.ok(!policy.noteAnswerIpv6("fe80::1", naming("2a00:5::1")));
});

Deno.test("the same gateway, told again, is not forgotten", () => {
  const { policy, isRouter } = openIpv6();
  policy.noteAnswerIpv6("fe80::1", naming("2a00:5::1"));
  policy.gatewayIpv6 = { address: "fe80::1%eth0", localAddress: "2a00:5::2" };
  assert.ok(isRouter("2a00:5::1"));
});

Deno.test("a UDP socket of IPv6 is bound to all addresses, or to a public one", () => {
  const { policy } = open();
  assert.equal(policy.bindsTo(""), "::");
  assert.equal(policy.bindsTo("2600:0::2"), "2600::2");
  for (const text of ["::1", "fe80::2", "fd00::1", "5.9.1.2", "::ffff:5.9.1.2", "name"]) {
    assert.throws(() => policy.bindsTo(text), { code: "ADDRESS_REFUSED" }, text);
  }
  const bound = new Policy({
    clock: new FakeClock(),
    allowLocal: false,
    interfaces,
    binding: { ipv6: "2600::7" },
  });
  assert.equal(bound.bindsTo(""), "2600::7");
  assert.equal(bound.bindsTo("2600::2"), "2600::7");
});
