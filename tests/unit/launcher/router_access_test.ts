/**
 * Tests the launcher's part in mapping our port: the look-ups of the gateway, and the messages to
 * the threads.
 */

import assert from "node:assert/strict";
import { EngineGate } from "../../../src/launcher/engine_gate.ts";
import type { DefaultGateway } from "../../../src/launcher/gateway.ts";
import type { ToEngine } from "../../../src/launcher/messages.ts";
import { giveRouter, LOOK_MS } from "../../../src/launcher/router_access.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

const anyGate = {
  serve() {},
  setInterfaces() {},
  setBindingState() {},
  setGateway() {},
  terminate() {},
};
const home: DefaultGateway = { address: "192.168.1.1", localAddress: "192.168.1.7" };

/** Runs the launcher's part with a scripted gateway, and records its messages. */
function begin(connectFails = false) {
  const clock = new FakeClock();
  const told: ToEngine[] = [];
  const gateways: (string | undefined)[] = [];
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
        return { ...anyGate, setGateway: (address) => void gateways.push(address) };
      },
    },
  );
  const route: { gateway: DefaultGateway | undefined; looks: number } = { gateway: home, looks: 0 };
  const router = giveRouter(gate, (message) => told.push(message), {
    clock,
    findGateway: () => {
      route.looks++;
      return Promise.resolve(route.gateway);
    },
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
  assert.deepEqual(at.told.at(-1), { kind: "gateway", gateway: undefined });
  assert.equal(at.route.looks, 2);
  await at.clock.advance(LOOK_MS - 1);
  assert.equal(at.route.looks, 2);
  await at.clock.advance(1);
  assert.equal(at.route.looks, 3);
});

Deno.test("the launcher looks the gateway up each minute, and reports it at the start and after changes", async () => {
  using at = begin();
  await settle();
  assert.deepEqual(at.kinds(), ["gateway"]);
  await at.clock.advance(LOOK_MS);
  assert.equal(at.route.looks, 2);
  assert.deepEqual(at.kinds(), ["gateway"]);
  at.route.gateway = undefined;
  await at.clock.advance(LOOK_MS);
  assert.deepEqual(at.told.at(-1), { kind: "gateway", gateway: undefined });
  assert.deepEqual(at.gateways, ["192.168.1.1", undefined]);
});

Deno.test("after the death of the gate, a new one learns of the gateway, and the engine is told", async () => {
  using at = begin();
  await settle();
  at.failGate();
  await settle();
  assert.deepEqual(at.kinds(), ["gateway", "gate-died"]);
  await at.clock.advance(1_000);
  assert.deepEqual(at.kinds(), ["gateway", "gate-died", "gateway"]);
  assert.deepEqual(at.gateways, ["192.168.1.1", "192.168.1.1"]);
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
  assert.deepEqual(at.kinds(), ["gateway"]);
});
