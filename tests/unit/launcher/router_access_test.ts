/**
 * Tests the launcher's part in mapping our port: the look-ups of the gateway, and the messages to
 * the threads.
 */

import assert from "node:assert/strict";
import type { Gateways } from "../../../src/gate_thread/mod.ts";
import { EngineGate } from "../../../src/launcher/engine_gate.ts";
import type { DefaultGateway } from "../../../src/launcher/gateway.ts";
import type { ToEngine } from "../../../src/launcher/messages.ts";
import { giveRouter, LOOK_MS } from "../../../src/launcher/router_access.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

const anyGate = {
  serve() {},
  setInterfaces() {},
  setBindingState() {},
  setGateways() {},
  terminate() {},
};
const noGateways: ToEngine = { kind: "gateways", gateway: undefined, gatewayIpv6: undefined };
const home: DefaultGateway = { address: "192.168.1.1", localAddress: "192.168.1.7" };

/** Runs the launcher's part with a scripted gateway, and records its messages. */
function begin(connectFails = false) {
  const clock = new FakeClock();
  const told: ToEngine[] = [];
  const gateways: Gateways[] = [];
  let fail: (error: Error) => void;
  const gate = new EngineGate(
    { allowLocal: false, lan: false },
    ({ message }, pauseMs) => {
      told.push({ kind: "gate-died", why: message, mapsPort: true, pauseMs });
      router.gateDied();
    },
    {
      clock,
      connect: (_options, onFailure) => {
        if (connectFails) throw new Error("no thread");
        fail = onFailure;
        return { ...anyGate, setGateways: (told) => void gateways.push(told) };
      },
    },
  );
  const route: { gateway?: DefaultGateway; gatewayIpv6?: DefaultGateway; looks: number } = {
    gateway: home,
    looks: 0,
  };
  const router = giveRouter(gate, (message) => told.push(message), {
    clock,
    findGateway: () => {
      route.looks++;
      return Promise.resolve(route.gateway);
    },
    findGatewayIpv6: () => Promise.resolve(route.gatewayIpv6),
  });
  const { close, look } = router;
  return {
    ...{ clock, told, gateways, route, close, look },
    failGate: () => fail(new Error("out of memory")),
    kinds: () => told.map(({ kind }) => kind),
    [Symbol.dispose]: close,
  };
}

Deno.test("the launcher looks the gateway up at once when asked, and a minute after that", async () => {
  using at = begin();
  await settle();
  await at.clock.advance(LOOK_MS / 2);
  at.route.gateway = undefined;
  at.look();
  at.look();
  await settle();
  assert.deepEqual(at.told.at(-1), noGateways);
  assert.equal(at.route.looks, 2);
  await at.clock.advance(LOOK_MS - 1);
  assert.equal(at.route.looks, 2);
  await at.clock.advance(1);
  assert.equal(at.route.looks, 3);
});

Deno.test("the launcher looks the gateway up each minute, and reports it at the start and after changes", async () => {
  using at = begin();
  await settle();
  assert.deepEqual(at.kinds(), ["gateways"]);
  await at.clock.advance(LOOK_MS);
  assert.equal(at.route.looks, 2);
  assert.deepEqual(at.kinds(), ["gateways"]);
  at.route.gateway = undefined;
  await at.clock.advance(LOOK_MS);
  assert.deepEqual(at.told.at(-1), noGateways);
  assert.deepEqual(at.gateways, [{ ipv4: home.address }, {}]);
});

Deno.test("another address of ours towards the gateway of IPv6 is reported to both threads", async () => {
  using at = begin();
  await settle();
  at.route.gatewayIpv6 = { address: "fe80::1%eth0", localAddress: "2a00:1::1" };
  at.look();
  await settle();
  // A temporary address (RFC 8981) has taken the place of an older one.
  at.route.gatewayIpv6 = { address: "fe80::1%eth0", localAddress: "2a00:1::2" };
  at.look();
  await settle();
  const ipv4 = home.address;
  assert.deepEqual(
    at.gateways.slice(1),
    ["2a00:1::1", "2a00:1::2"].map((localAddress) => ({
      ipv4,
      ipv6: { address: "fe80::1%eth0", localAddress },
    })),
  );
  assert.deepEqual(at.told.at(-1), {
    kind: "gateways",
    gateway: home,
    gatewayIpv6: at.route.gatewayIpv6,
  });
});

Deno.test("after the death of the gate, a new one learns of the gateway, and the engine is told", async () => {
  using at = begin();
  await settle();
  at.failGate();
  await settle();
  assert.deepEqual(at.kinds(), ["gateways", "gate-died"]);
  await at.clock.advance(1_000);
  assert.deepEqual(at.kinds(), ["gateways", "gate-died", "gateways"]);
  assert.deepEqual(at.gateways, [{ ipv4: home.address }, { ipv4: home.address }]);
  await at.clock.advance(LOOK_MS);
  assert.equal(at.route.looks, 3);
});

Deno.test("a gate that cannot start is tried again", async () => {
  using at = begin(true);
  await settle();
  assert.deepEqual(at.told, [
    { kind: "gate-died", why: "no thread", mapsPort: true, pauseMs: 1_000 },
  ]);
  await at.clock.advance(LOOK_MS);
  assert.deepEqual(at.told.at(-1), { ...at.told[0], pauseMs: 2_000 });
});

Deno.test("closing ends the messages", async () => {
  using at = begin();
  await settle();
  at.close();
  at.route.gateway = undefined;
  await at.clock.advance(3 * LOOK_MS);
  assert.deepEqual(at.kinds(), ["gateways"]);
});

Deno.test("the router of IPv6 is asked for our lasting address, also if it is told during a look", async () => {
  using at = begin();
  const [address, temporary, lasting] = ["fe80::1%eth0", "2a00:1:1::a:b", "2a00:1:1::2"];
  at.route.gatewayIpv6 = { address, localAddress: temporary };
  at.look(lasting);
  await settle();
  await at.clock.advance(0);
  const gatewayIpv6 = { address, localAddress: lasting };
  assert.deepEqual(at.told.at(-1), { kind: "gateways", gateway: home, gatewayIpv6 });
  assert.deepEqual(at.gateways.at(-1)!.ipv6, gatewayIpv6);
  at.look(undefined);
  await settle();
  assert.equal(at.gateways.at(-1)!.ipv6!.localAddress, temporary);
});
