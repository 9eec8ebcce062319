/** Tests the engine's port in the router in both families, against a fake router with real sockets. */

import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/mod.ts";
import { OpenedPorts, type PortEvent } from "../../../src/worker/opened_ports.ts";
import { DirectTransport } from "../../support/direct_router_transport.ts";
import { eventually } from "../../support/engines.ts";
import { FakeGateway } from "../../support/fake_gateway.ts";
import { IPV6, PORT } from "../../support/router_world.ts";

/** Opens the ports at a router of PCP for IPv6. There is no gateway of IPv4. */
async function open() {
  const router = await FakeGateway.start(systemClock, { pcp: true });
  const { portControlPort, ssdp } = router;
  const transport = () => new DirectTransport({ portControlPort, ssdp, ipv6: IPV6 });
  const ports = new OpenedPorts(systemClock, transport);
  const events: PortEvent[] = [];
  ports.start({
    port: PORT,
    onChange: (event) => events.push(event),
    onRouterAddress: () => assert.fail("no router of IPv4 names an address"),
  });
  return {
    ...{ router, ports, events },
    setAddress: (localAddress: string | undefined) =>
      ports.setGateways(
        undefined,
        localAddress === undefined ? undefined : { address: `${IPV6.router}%eth0`, localAddress },
      ),
    opened: (localAddress: string) =>
      eventually(
        () => ports.pinhole?.mapping?.externalAddress === localAddress,
        `a pinhole to ${localAddress}`,
      ),
    async [Symbol.asyncDispose]() {
      await ports.stop();
      await router[Symbol.asyncDispose]();
    },
  };
}

Deno.test("without a gateway of IPv6, no router is asked over IPv6, and nothing is told", async () => {
  await using at = await open();
  assert.equal(at.ports.pinhole, undefined);
  at.setAddress(undefined);
  at.ports.gateDied("by the test");
  assert.equal(at.ports.pinhole, undefined);
  assert.deepEqual(at.events.filter(({ event }) => event === "pinhole"), []);
});

Deno.test("with a gateway of IPv6 alone, no mapping for IPv4 is asked for", async () => {
  await using at = await open();
  at.ports.setGateways({ address: "127.0.0.1", localAddress: "127.0.0.1" }, undefined);
  assert.notEqual(at.ports.mapping, undefined);
  at.setAddress(IPV6.ours);
  assert.equal(at.ports.mapping, undefined);
  assert.equal(at.ports.announcedPort, PORT);
  const told = at.events.filter(({ event }) => event === "port-mapping");
  assert.deepEqual(told.at(-1), { event: "port-mapping", status: undefined });
  await at.opened(IPV6.ours);
  at.setAddress(IPV6.ours);
  assert.equal(at.ports.mapping, undefined);
});

Deno.test("pinholes follow our address, and are closed when the gateway of IPv6 is gone", async () => {
  await using at = await open();
  const listOf = (address: string) =>
    ["tcp", "udp"].map((kind) => `${kind} ${PORT}>${address}:${PORT}`);
  at.setAddress(IPV6.ours);
  await at.opened(IPV6.ours);
  assert.deepEqual(at.router.list, listOf(IPV6.ours));
  const other = "2a00:5::aaaa:1";
  at.setAddress(other);
  await at.opened(other);
  await eventually(
    () => at.router.list.join() === listOf(other).join(),
    "pinholes to the new address alone",
  );
  at.setAddress(undefined);
  assert.equal(at.ports.pinhole, undefined);
  assert.deepEqual(at.events.at(-1), { event: "pinhole", status: undefined });
  await eventually(() => at.router.list.length === 0, "no pinhole");
  at.setAddress(IPV6.ours);
  await at.opened(IPV6.ours);
});

Deno.test("a pinhole is taken up again after the death of the gate", async () => {
  await using at = await open();
  at.setAddress(IPV6.ours);
  await at.opened(IPV6.ours);
  at.ports.gateDied("by the test");
  assert.equal(at.ports.pinhole?.error?.code, "GATE_DIED");
  at.setAddress(IPV6.ours);
  await at.opened(IPV6.ours);
});
