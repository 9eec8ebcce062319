/** Tests the gate of an engine's thread: its start at the first need, its failure, and its end. */

import assert from "node:assert/strict";
import { EngineGate } from "../../../src/launcher/engine_gate.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

/** A gate whose thread is a record of the calls. */
function makeGate({ connectFails = false, lan = false } = {}) {
  const calls: string[] = [];
  const failures: string[] = [];
  let address = ethernet.address;
  const clock = new FakeClock();
  let fail: (error: Error) => void = () => {};
  const gate = new EngineGate(
    { allowLocal: true, lan },
    ({ message }, pauseMs) => failures.push(`${message} ${pauseMs}`),
    {
      clock,
      networkInterfaces: () => [{ ...ethernet, address }],
      async connect({ allowLocal, interfaces }, onFailure) {
        calls.push(`start ${allowLocal} ${interfaces.map(({ name }) => name)}`.trim());
        await Promise.resolve();
        if (connectFails) throw new Error("no thread");
        fail = onFailure;
        return {
          serve: (port) => {
            calls.push("serve");
            port.close();
          },
          setInterfaces: (all) => calls.push(`interfaces ${all.map(({ address }) => address)}`),
          setBindingState() {},
          setGateways() {},
          terminate: () => calls.push("terminate"),
        };
      },
    },
  );
  return {
    renumber: (to: string) => address = to,
    gate,
    calls,
    failures,
    clock,
    fail: (message: string) => fail(new Error(message)),
  };
}

const ethernet: Deno.NetworkInterfaceInfo = {
  ...{ name: "eth0", family: "IPv4", mac: "", scopeid: null },
  ...{ address: "192.168.1.7", netmask: "255.255.255.0", cidr: "192.168.1.7/24" },
};

function anyPort(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.close();
  return port2;
}

Deno.test("a gate starts when it is first needed, and once", async () => {
  const { gate, calls } = makeGate();
  assert.deepEqual(calls, []);
  await Promise.all([gate.serve(anyPort()), gate.start()]);
  assert.deepEqual(calls, ["start true", "serve"]);
});

Deno.test("a gate has interfaces only if the local network is searched", async () => {
  const { gate, calls } = makeGate({ lan: true });
  await gate.start();
  assert.deepEqual(calls, ["start true eth0"]);
});

Deno.test("a running gate learns of changed addresses", async () => {
  const { gate, calls, renumber } = makeGate({ lan: true });
  gate.networkChanged();
  await gate.start();
  renumber("10.0.0.9");
  gate.networkChanged();
  await gate.start();
  assert.deepEqual(calls, ["start true eth0", "interfaces 10.0.0.9"]);
});

Deno.test("a gate that was not needed is not started at the end", async () => {
  const { gate, calls } = makeGate();
  gate.close();
  assert.equal(await gate.start(), undefined);
  await gate.serve(anyPort());
  assert.deepEqual(calls, []);
});

Deno.test("a gate that is closed while it starts ends, and serves nobody", async () => {
  const { gate, calls } = makeGate();
  const served = gate.serve(anyPort());
  gate.close();
  await served;
  assert.deepEqual(calls, ["start true", "terminate"]);
});

Deno.test("a gate that cannot start is reported once for each attempt", async () => {
  const { gate, failures, clock } = makeGate({ connectFails: true });
  await Promise.all([gate.serve(anyPort()), gate.start()]);
  assert.deepEqual(failures, ["no thread 1000"]);
  const again = gate.start();
  await settle();
  assert.deepEqual(failures, ["no thread 1000"]);
  await clock.advance(1_000);
  assert.equal(await again, undefined);
  assert.deepEqual(failures, ["no thread 1000", "no thread 2000"]);
});

Deno.test("a gate that has died is reported once, and replaced when it is needed, after a pause", async () => {
  const { gate, calls, failures, fail, clock } = makeGate();
  await gate.start();
  fail("out of memory");
  fail("again");
  await clock.advance(60_000);
  assert.deepEqual(failures, ["out of memory 1000"]);
  assert.deepEqual(calls, ["start true", "terminate"]);
  const served = gate.serve(anyPort());
  await served;
  assert.deepEqual(calls, ["start true", "terminate", "start true", "serve"]);
});

Deno.test("the pauses double up to five minutes, and begin anew after a sound gate", async () => {
  const { gate, failures, fail, clock } = makeGate();
  const pauses: number[] = [];
  for (let death = 0; death < 12; death++) {
    const starting = gate.start();
    await clock.advance(5 * 60_000);
    await starting;
    fail("x");
    pauses.push(Number(failures.at(-1)!.split(" ")[1]) / 1_000);
  }
  assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  const starting = gate.start();
  await clock.advance(5 * 60_000);
  await starting;
  await clock.advance(10 * 60_000);
  fail("x");
  assert.equal(failures.at(-1), "x 1000");
});

Deno.test("a gate that is closed in a pause does not start", async () => {
  const { gate, calls, fail } = makeGate();
  await gate.start();
  fail("x");
  const starting = gate.start();
  gate.close();
  assert.equal(await starting, undefined);
  assert.deepEqual(calls, ["start true", "terminate"]);
});
