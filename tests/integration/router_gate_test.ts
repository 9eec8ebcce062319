/** The port in the router through the gate, whose sockets are real. */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/mod.ts";
import { Gate, type Port } from "../../src/gate_thread/gate.ts";
import { GateClient } from "../../src/gate/mod.ts";
import { PortMapper, type PortMappingStatus, type RouterTransport } from "../../src/router/mod.ts";
import { FakeGateway, type FakeGatewayBehaviour } from "../support/fake_gateway.ts";

const PORT = 41_000;
const ROUTER = { address: "127.0.0.1", localAddress: "127.0.0.1" };

/** A fake router, a gate that knows it, and the sockets that the gate hands out. */
async function open(behaviour: Partial<FakeGatewayBehaviour>, gatewayAddress?: string) {
  const router = await FakeGateway.start(systemClock, behaviour);
  const { address: host, port } = router.ssdp;
  const gate = new Gate({
    clock: systemClock,
    allowLocal: true,
    interfaces: [],
    routerPorts: { portControl: router.portControlPort, ssdp: { host, port } },
  });
  gate.policy.gateway = gatewayAddress;
  const { port1, port2 } = new MessageChannel();
  const close = gate.serve(port1 as unknown as Port);
  const transport: RouterTransport = new GateClient(port2).router();
  return {
    router,
    transport,
    async [Symbol.asyncDispose]() {
      close();
      port1.close();
      port2.close();
      await router[Symbol.asyncDispose]();
    },
  };
}

for (
  const [protocol, behaviour, gatewayAddress] of [
    ["PCP", { pcp: true }, "127.0.0.1"],
    ["NAT-PMP", { natPmp: true }, "127.0.0.1"],
    ["UPnP", { igd: 2 }, "127.0.0.1"],
    // The launcher knows no gateway, and the router's answer to the search names it.
    ["UPnP", { igd: 1 }, undefined],
  ] as const
) {
  const known = gatewayAddress ? "" : ", and no gateway is known";
  Deno.test(`a port is mapped and taken back through the gate by ${protocol}${known}`, async () => {
    await using world = await open(behaviour, gatewayAddress);
    const first = Promise.withResolvers<PortMappingStatus>();
    const mapper = new PortMapper({
      clock: systemClock,
      random: (bytes) => crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>),
      nonceOf: () => new Uint8Array(12),
      transport: world.transport,
      port: PORT,
      findGateway: () => Promise.resolve(gatewayAddress ? ROUTER : undefined),
      onChange: first.resolve,
    });
    mapper.start();
    const { mapping, error } = await first.promise;
    assert.equal(error, undefined);
    assert.equal(mapping?.protocol, protocol);
    assert.equal(world.router.list.length, 2);
    await mapper.stop();
    assert.deepEqual(world.router.list, []);
  });
}

Deno.test("the gate opens no socket to another address than the router's", async () => {
  await using world = await open({ igd: 1, pcp: true }, "127.0.0.2");
  const { transport, router } = world;
  const signal = new AbortController().signal;
  const refused = { code: "ADDRESS_REFUSED" };
  await assert.rejects(transport.openPortControl("127.0.0.1", () => {}), refused);
  await assert.rejects(transport.openSsdp({ address: "127.0.0.1" }, () => {}), refused);
  const to = { address: "127.0.0.1", port: router.igd.port };
  await assert.rejects(transport.connect(to, signal), refused);
  assert.deepEqual(router.igd.calls, []);
});

Deno.test("the gate sends no other datagram to the group than a search for routers", async () => {
  await using world = await open({ igd: 1 });
  const socket = await world.transport.openSsdp(undefined, () => {});
  const search = (target: string) =>
    new TextEncoder().encode(
      `M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nST: ${target}\r\n\r\n`,
    );
  socket.send(search("ssdp:all"));
  socket.send(search("urn:schemas-upnp-org:device:InternetGatewayDevice:1"));
  // The first datagram has ended the channel; a second socket shows that nothing came of either.
  const answers = Promise.withResolvers<void>();
  const other = await world.transport.openSsdp(undefined, () => answers.resolve());
  other.send(search("urn:schemas-upnp-org:device:InternetGatewayDevice:1"));
  await answers.promise;
  assert.equal(world.router.received, 1);
  other.close();
});
