/**
 * Tests the launcher's part in mapping our port: the start of the gate, and the messages to the
 * threads.
 */

import assert from "node:assert/strict";
import type { Settings } from "../../../src/config/mod.ts";
import type { DefaultGateway } from "../../../src/launcher/gateway.ts";
import type { ToEngine } from "../../../src/launcher/messages.ts";
import { giveRouter, LOOK_MS, mapsPort } from "../../../src/launcher/router_access.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

const home: DefaultGateway = { address: "192.168.1.1", localAddress: "192.168.1.7" };

/** Runs the launcher's part with a scripted gateway, and records its messages. */
function begin(connectFails = false) {
  const clock = new FakeClock();
  const told: ToEngine[] = [];
  const gate: { gateways: (string | undefined)[]; isOver: boolean; fail: (error: Error) => void } =
    {
      gateways: [],
      isOver: false,
      fail: () => {},
    };
  const route: { gateway: DefaultGateway | undefined; looks: number } = { gateway: home, looks: 0 };
  const channel = new MessageChannel();
  channel.port1.close();
  const close = giveRouter(false, (message) => told.push(message), {
    clock,
    connect: (_options, onFailure) => {
      if (connectFails) throw new Error("no thread");
      gate.fail = onFailure as (error: Error) => void;
      return {
        open: () => channel.port2,
        setInterfaces() {},
        setGateway: (address) => void gate.gateways.push(address),
        terminate: () => gate.isOver = true,
      };
    },
    findGateway: () => {
      route.looks++;
      return Promise.resolve(route.gateway);
    },
  });
  return {
    ...{ clock, told, gate, route, close },
    kinds: () => told.map(({ kind }) => kind),
    [Symbol.dispose]() {
      close();
      channel.port2.close();
    },
  };
}

Deno.test("the launcher looks the gateway up each minute, and reports it at the start and after changes", async () => {
  using at = begin();
  await settle();
  assert.deepEqual(at.kinds(), ["gate", "gateway"]);
  await at.clock.advance(LOOK_MS);
  assert.equal(at.route.looks, 2);
  assert.deepEqual(at.kinds(), ["gate", "gateway"]);
  at.route.gateway = undefined;
  await at.clock.advance(LOOK_MS);
  assert.deepEqual(at.told.at(-1), { kind: "gateway", gateway: undefined });
  assert.deepEqual(at.gate.gateways, ["192.168.1.1", undefined]);
});

Deno.test("the death of the gate is reported once, and ends the look-ups", async () => {
  using at = begin();
  await settle();
  at.gate.fail(new Error("out of memory"));
  at.gate.fail(new Error("again"));
  await at.clock.advance(3 * LOOK_MS);
  assert.deepEqual(at.kinds(), ["gate", "gateway", "gate-died"]);
  assert.deepEqual(at.told.at(-1), { kind: "gate-died", why: "out of memory" });
  assert.equal(at.route.looks, 1);
});

Deno.test("a gate that cannot start is reported to the engine", async () => {
  using at = begin(true);
  await settle();
  assert.deepEqual(at.told, [{ kind: "gate-died", why: "no thread" }]);
});

Deno.test("closing ends the gate and the messages", async () => {
  using at = begin();
  await settle();
  at.close();
  at.route.gateway = undefined;
  await at.clock.advance(3 * LOOK_MS);
  assert.equal(at.gate.isOver, true);
  assert.deepEqual(at.kinds(), ["gate", "gateway"]);
});

function hostPort(text: string): { host: string; port: number } {
  const [host, port] = text.split(":");
  return { host: host!, port: Number(port) };
}

Deno.test("no router is used in a test network, or if the setting is off", () => {
  const maps = (portMapping: boolean, allowLocal: boolean, ...bootstrap: string[]) =>
    mapsPort(
      {
        portMapping,
        allowLocal,
        bootstrap: bootstrap.map(hostPort),
      } as Settings,
    );
  assert.equal(maps(true, false, "router.example:6881"), true);
  assert.equal(maps(true, false), true);
  assert.equal(maps(true, true, "router.example:6881"), true);
  assert.equal(maps(true, true, "127.0.0.1:47110", "router.example:6881"), true);
  assert.equal(maps(true, true, "127.0.0.1:47110", "localhost:6881"), false);
  assert.equal(maps(true, true), false);
  assert.equal(maps(false, false, "router.example:6881"), false);
});
