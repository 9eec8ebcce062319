/** Tests the life of a mapping, against a fake router with real sockets and simulated time. */

import assert from "node:assert/strict";
import { CHECK_MS, LEASE_SECONDS } from "../../../src/router/port_mapper.ts";
import type { FakeGatewayBehaviour } from "../../support/fake_gateway.ts";
import { PORT, RouterWorld } from "../../support/router_world.ts";

const HALF_LEASE_MS = LEASE_SECONDS * 500;
const OURS = [`tcp ${PORT}>127.0.0.1:${PORT}`, `udp ${PORT}>127.0.0.1:${PORT}`];
const ROUTERS: Record<string, Partial<FakeGatewayBehaviour>> = {
  "PCP": { pcp: true },
  "NAT-PMP": { natPmp: true },
  "UPnP IGD 1": { igd: 1 },
  "UPnP IGD 2": { igd: 2 },
};

for (const [name, behaviour] of Object.entries(ROUTERS)) {
  const protocol = name.split(" ")[0];

  Deno.test(`a router of ${name} maps our port, TCP and UDP`, async () => {
    await using world = await RouterWorld.make(behaviour);
    await world.start();
    assert.deepEqual(world.gateway.list, OURS);
    assert.deepEqual(world.status.mapping, {
      protocol,
      externalAddress: "198.51.100.7",
      externalPort: PORT,
      externalUdpPort: PORT,
    });
    assert.equal(world.status.sinceMs, world.clock.now());
    assert.equal(world.status.error, undefined);
  });

  Deno.test(`a router of ${name} is asked again at half the lease`, async () => {
    await using world = await RouterWorld.make(behaviour);
    await world.start();
    const firstEnds = endsOf(world);
    await world.advance(HALF_LEASE_MS - CHECK_MS);
    assert.deepEqual(endsOf(world), firstEnds, "no renewal comes before half the lease");
    await world.advance(2 * CHECK_MS);
    for (const [at, endsAtMs] of endsOf(world).entries()) {
      assert.ok(endsAtMs >= firstEnds[at]! + HALF_LEASE_MS, "the lease begins anew");
    }
    await world.advance(4 * 3_600_000);
    assert.deepEqual(world.gateway.list, OURS, "hours later both ports are mapped");
    assert.equal(world.statuses.length, 1, "nothing has changed");
  });

  Deno.test(`a router of ${name} has no mapping of ours after a stop`, async () => {
    await using world = await RouterWorld.make(behaviour);
    const others = { client: "127.0.0.9", internalPort: 6_881, endsAtMs: Infinity };
    world.gateway.mappings.set("tcp 6881", others);
    await world.start();
    await world.settled(world.mapper.stop());
    assert.deepEqual(world.gateway.list, ["tcp 6881>127.0.0.9:6881"]);
    assert.equal(world.clock.timers, 0);
  });

  Deno.test(`a router of ${name} that restarts gets the mapping again`, async () => {
    await using world = await RouterWorld.make(behaviour);
    await world.start();
    await world.advance(10 * CHECK_MS);
    world.gateway.restart();
    assert.deepEqual(world.gateway.list, []);
    await world.advance(2 * CHECK_MS);
    assert.deepEqual(world.gateway.list, OURS);
  });

  Deno.test(`a router of ${name} that is off for minutes loses and regains the mapping`, async () => {
    await using world = await RouterWorld.make(behaviour);
    await world.start();
    await world.advance(2 * CHECK_MS);
    world.gateway.behaviour.isOff = true;
    world.gateway.restart();
    await world.until(() => world.status.mapping === undefined, 3 * CHECK_MS);
    assert.ok(["ROUTER_SILENT", "NO_ROUTER"].includes(world.status.error!.code));
    await world.advance(3 * CHECK_MS);
    world.gateway.behaviour.isOff = false;
    await world.until(() => world.status.mapping !== undefined);
    assert.deepEqual(world.gateway.list, OURS);
    assert.equal(world.status.error, undefined);
  });

  Deno.test(`a router of ${name} without an external address is asked again later`, async () => {
    await using world = await RouterWorld.make({ ...behaviour, externalAddress: "0.0.0.0" });
    await world.start();
    assert.equal(world.statuses[0]!.mapping, undefined);
    assert.equal(world.status.error?.code, "ROUTER_OFFLINE");
    world.gateway.behaviour.externalAddress = "198.51.100.8";
    await world.until(() => world.status.mapping !== undefined);
    assert.equal(world.status.mapping?.externalAddress, "198.51.100.8");
  });

  Deno.test(`a port that another machine has at the router of ${name} moves ours`, async () => {
    await using world = await RouterWorld.make(behaviour);
    for (const kind of ["tcp", "udp"]) {
      const mapping = { client: "127.0.0.9", internalPort: PORT, endsAtMs: Infinity };
      world.gateway.mappings.set(`${kind} ${PORT}`, mapping);
    }
    await world.start();
    const { externalPort, externalUdpPort } = world.status.mapping!;
    assert.notEqual(externalPort, PORT);
    assert.equal(externalUdpPort, externalPort);
    const ours = world.gateway.list.filter((line) => line.endsWith(`>127.0.0.1:${PORT}`));
    assert.deepEqual(ours.map((line) => line.split(">")[0]), [
      `tcp ${externalPort}`,
      `udp ${externalPort}`,
    ]);
    assert.ok(world.gateway.list.includes(`tcp ${PORT}>127.0.0.9:${PORT}`), "theirs is untouched");
  });

  Deno.test(`after a kill, a router of ${name} maps the port for the next process`, async () => {
    await using world = await RouterWorld.make(behaviour);
    await world.start();
    // No mapping is deleted, because the process has been killed.
    world.gateway.behaviour.isOff = true;
    await world.settled(world.mapper.stop());
    world.gateway.behaviour.isOff = false;
    assert.deepEqual(world.gateway.list, OURS);
    world.mapper = world.newMapper();
    world.statuses.length = 0;
    await world.start();
    assert.equal(world.status.mapping?.externalPort, PORT);
  });
}

Deno.test("after a kill and the loss of the secret, NAT-PMP maps the port that PCP refuses", async () => {
  for (const natPmp of [true, false]) {
    await using world = await RouterWorld.make({ pcp: true, natPmp });
    await world.start();
    world.gateway.behaviour.isOff = true;
    await world.settled(world.mapper.stop());
    world.gateway.behaviour.isOff = false;
    world.secret = "another";
    world.mapper = world.newMapper();
    world.statuses.length = 0;
    await world.start();
    assert.equal(world.status.mapping?.protocol, natPmp ? "NAT-PMP" : undefined);
    if (!natPmp) assert.match(world.status.error!.message, /NOT_AUTHORIZED/);
  }
});

function endsOf(world: RouterWorld): number[] {
  return [...world.gateway.mappings.values()].map(({ endsAtMs }) => endsAtMs);
}

Deno.test("PCP is preferred to NAT-PMP, and NAT-PMP to UPnP", async () => {
  for (
    const [behaviour, protocol] of [
      [{ pcp: true, natPmp: true, igd: 2 }, "PCP"],
      [{ natPmp: true, igd: 2 }, "NAT-PMP"],
      [{ igd: 2 }, "UPnP"],
    ] as const
  ) {
    await using world = await RouterWorld.make(behaviour);
    await world.start();
    assert.equal(world.status.mapping?.protocol, protocol);
  }
});

Deno.test("PCP is not used if our own address is unknown", async () => {
  await using world = await RouterWorld.make({ pcp: true, natPmp: true });
  world.route = { address: "127.0.0.1" };
  await world.start();
  assert.equal(world.status.mapping?.protocol, "NAT-PMP");
});

Deno.test("UPnP finds the router if the routing table names no gateway", async () => {
  await using world = await RouterWorld.make({ pcp: true, natPmp: true, igd: 1 });
  world.route = undefined;
  await world.start();
  assert.equal(world.status.mapping?.protocol, "UPnP");
});

Deno.test("a network without a mapping router is searched again with back-off", async () => {
  await using world = await RouterWorld.make({});
  await world.start();
  assert.equal(world.status.error?.code, "NO_ROUTER");
  const { received } = world.gateway;
  await world.advance(24 * 3_600_000);
  const searches = (world.gateway.received - received) / received;
  assert.ok(searches > 80 && searches < 110, `${searches} searches in a day`);
  assert.equal(world.statuses.length, 1);
  world.gateway.behaviour.natPmp = true;
  await world.until(() => world.status.mapping !== undefined);
});

Deno.test("a new gateway is used as soon as it is the default", async () => {
  await using world = await RouterWorld.make({ natPmp: true });
  await world.start();
  await world.advance(CHECK_MS);
  // No server listens at this address: the machine is in a network without a mapping router now.
  world.route = { address: "127.0.0.5", localAddress: "127.0.0.1" };
  const { received } = world.gateway;
  world.transport.sent = received;
  await world.clock.advance(CHECK_MS);
  assert.equal(world.status.mapping, undefined, "the old mapping is dropped at once");
  world.route = { address: "127.0.0.1", localAddress: "127.0.0.1" };
  await world.clock.advance(30_000);
  world.transport.sent = world.gateway.received;
  await world.until(() => world.status.mapping !== undefined);
  assert.deepEqual(world.gateway.list, OURS);
});

Deno.test("a change of the network is handled without waiting", async () => {
  await using world = await RouterWorld.make({ natPmp: true });
  await world.start();
  const now = world.clock.now();
  world.route = { address: "127.0.0.1", localAddress: "127.0.0.2" };
  world.mapper.networkChanged();
  await world.until(() => world.statuses.length > 2);
  assert.equal(world.clock.now(), now);
  assert.equal(world.statuses[1]!.mapping, undefined);
  assert.equal(world.status.mapping?.externalPort, PORT);
});

Deno.test("a change of the network during a request is handled after it", async () => {
  await using world = await RouterWorld.make({ natPmp: true });
  await world.start();
  world.gateway.behaviour.isOff = true;
  await world.advance(CHECK_MS + 100);
  world.route = { address: "127.0.0.1", localAddress: "127.0.0.2" };
  world.mapper.networkChanged();
  world.gateway.behaviour.isOff = false;
  await world.until(() => world.statuses.length > 2, CHECK_MS / 2);
  assert.equal(world.status.mapping?.externalPort, PORT);
});

Deno.test("a new external address is reported", async () => {
  for (const behaviour of [{ natPmp: true }, { igd: 1 }] as const) {
    await using world = await RouterWorld.make(behaviour);
    await world.start();
    world.gateway.behaviour.externalAddress = "198.51.100.99";
    await world.advance(2 * CHECK_MS);
    assert.equal(world.status.mapping?.externalAddress, "198.51.100.99");
    assert.equal(world.status.sinceMs > world.statuses[0]!.sinceMs, true);
  }
});

Deno.test("a stop ends within its time limit although the router is off", async () => {
  for (const behaviour of Object.values(ROUTERS)) {
    await using world = await RouterWorld.make(behaviour);
    await world.start();
    world.gateway.behaviour.isOff = true;
    const startMs = world.clock.now();
    await world.settled(world.mapper.stop());
    assert.ok(world.clock.now() - startMs <= 2_000);
    assert.equal(world.clock.timers, 0);
  }
});

Deno.test("a stop during the first search ends it", async () => {
  await using world = await RouterWorld.make({});
  world.mapper.start();
  await world.advance(1_500);
  await world.settled(world.mapper.stop());
  assert.equal(world.clock.timers, 0);
  assert.equal(world.transport.sockets.size, 0);
});
