/** Tests pinholes for IPv6, against a fake router with real sockets and simulated time. */

import assert from "node:assert/strict";
import { CHECK_MS, LEASE_SECONDS } from "../../../src/router/port_mapper.ts";
import type { FakeGatewayBehaviour } from "../../support/fake_gateway.ts";
import { IPV6, PORT, RouterWorld } from "../../support/router_world.ts";

const listOf = (address: string) =>
  ["tcp", "udp"].map((kind) => `${kind} ${PORT}>${address}:${PORT}`);
const OURS = listOf(IPV6.ours);
const ROUTERS: Record<string, Partial<FakeGatewayBehaviour>> = {
  "PCP": { pcp: true },
  "UPnP": { igd: 2 },
};

for (const [protocol, behaviour] of Object.entries(ROUTERS)) {
  Deno.test(`a router of ${protocol} lets our port in over IPv6, TCP and UDP`, async () => {
    await using world = await RouterWorld.makeIpv6(behaviour);
    await world.start();
    assert.deepEqual(world.gateway.list, OURS);
    assert.deepEqual(world.status.mapping, {
      protocol,
      externalAddress: IPV6.ours,
      externalPort: PORT,
      externalUdpPort: PORT,
    });
    assert.ok(world.transport.connected.every(({ address }) => address === IPV6.routerPublic));
  });

  Deno.test(`pinholes of ${protocol} are renewed before they end, and closed at a stop`, async () => {
    await using world = await RouterWorld.makeIpv6(behaviour);
    await world.start();
    for (let hours = 0; hours < 4; hours++) {
      await world.advance(LEASE_SECONDS * 1_000);
      assert.deepEqual(world.gateway.list, OURS);
    }
    assert.equal(world.statuses.length, 1, "nothing has changed");
    await world.settled(world.mapper.stop());
    assert.deepEqual(world.gateway.list, []);
    assert.equal(world.clock.timers, 0);
  });

  Deno.test(`a router of ${protocol} that restarts opens the pinholes again`, async () => {
    await using world = await RouterWorld.makeIpv6(behaviour);
    await world.start();
    await world.advance(10 * CHECK_MS);
    world.gateway.restart();
    await world.advance(2 * CHECK_MS);
    assert.deepEqual(world.gateway.list, OURS);
  });

  Deno.test(`a new address of ours gets pinholes of ${protocol} at once`, async () => {
    await using world = await RouterWorld.makeIpv6(behaviour);
    await world.start();
    const now = world.clock.now();
    const localAddress = "2a00:5::aaaa:1";
    world.route = { ...world.route!, localAddress };
    world.mapper.networkChanged();
    await world.until(() => world.status.mapping?.externalAddress === localAddress, 5_000);
    if (protocol === "PCP") assert.equal(world.clock.now(), now);
    assert.deepEqual(world.gateway.list.sort(), listOf(localAddress));
  });

  Deno.test(`after a kill, a router of ${protocol} renews the pinholes for the next process`, async () => {
    await using world = await RouterWorld.makeIpv6(behaviour);
    await world.start();
    world.gateway.behaviour.isOff = true;
    await world.settled(world.mapper.stop());
    world.gateway.behaviour.isOff = false;
    assert.deepEqual(world.gateway.list, OURS);
    world.mapper = world.newMapper();
    world.statuses.length = 0;
    await world.start();
    assert.equal(world.status.mapping?.protocol, protocol);
    await world.settled(world.mapper.stop());
    assert.deepEqual(world.gateway.list, []);
  });
}

Deno.test("PCP: pinholes that the router does not delete are left for the shortest time", async () => {
  await using world = await RouterWorld.makeIpv6({ pcp: true, deletionRefusal: 2 });
  await world.start();
  await world.settled(world.mapper.stop());
  await world.clock.advance(1_001);
  assert.deepEqual(world.gateway.list, []);
});

Deno.test("PCP: a pinhole at another port, or at an address of IPv4, is refused", async () => {
  for (
    const behaviour of [
      { otherPort: 50_123 },
      {
        damage: (answer: Uint8Array<ArrayBuffer>) => {
          if (answer[1] === 129) answer.fill(0, 44, 54).fill(0xff, 54, 56).fill(5, 56, 60);
          return answer;
        },
      },
    ]
  ) {
    await using world = await RouterWorld.makeIpv6({ pcp: true, ...behaviour });
    await world.start();
    assert.equal(world.status.mapping, undefined);
    assert.equal(world.status.error?.code, "ROUTER_ANSWER");
  }
});

Deno.test("UPnP: a firewall that is off needs no pinhole, until it is switched on", async () => {
  await using world = await RouterWorld.makeIpv6({ igd: 2 });
  const { firewall } = world.gateway.igd.behaviour;
  firewall.isOn = false;
  await world.start();
  assert.equal(world.status.mapping?.externalAddress, IPV6.ours);
  assert.ok(!world.gateway.igd.calls.includes("AddPinhole"));
  firewall.isOn = true;
  await world.advance(2 * CHECK_MS);
  assert.deepEqual(world.gateway.list, OURS);
});

Deno.test("UPnP: a firewall that opens no pinholes is told of, and asked again later", async () => {
  await using world = await RouterWorld.makeIpv6({ igd: 2 });
  const { firewall } = world.gateway.igd.behaviour;
  firewall.opensPinholes = false;
  await world.start();
  assert.equal(world.status.error?.code, "ROUTER_REFUSED");
  assert.match(world.status.error!.message, /firewall for IPv6 opens no pinholes/);
  firewall.opensPinholes = true;
  await world.until(() => world.status.mapping !== undefined);
});

Deno.test("UPnP: a router that gives a pinhole no id, or refuses it, is told of", async () => {
  for (const [answer, code] of [[606, "ROUTER_REFUSED"], ["", "ROUTER_ANSWER"]] as const) {
    await using world = await RouterWorld.makeIpv6({ igd: 2 });
    world.gateway.igd.behaviour.override = (action) => action === "AddPinhole" ? answer : undefined;
    await world.start();
    assert.equal(world.status.error?.code, code);
  }
});

Deno.test("UPnP: nothing but a public address of our own network (/64) is asked", async () => {
  for (const host of ["2a00:6::1", "fd00::1", "fe80::1", "2001:db8::1"]) {
    await using world = await RouterWorld.makeIpv6({ igd: 2 });
    const { igd } = world.gateway;
    igd.behaviour.location = `http://[${host}]:${igd.port}/rootDesc.xml`;
    await world.start();
    assert.equal(world.status.error?.code, "NO_ROUTER", host);
    assert.deepEqual(world.transport.connected, []);
  }
});

Deno.test("without a router that answers over IPv6, the reason names both protocols", async () => {
  await using world = await RouterWorld.makeIpv6({ natPmp: true, igd: 1 });
  await world.start();
  assert.match(world.status.error!.message, /^No router answered by PCP or UPnP over IPv6; .*let/);
});
