/** Tests the gate of an engine's thread: its start at the first need, its failure, and its end. */

import assert from "node:assert/strict";
import { GateError } from "../../../src/gate/mod.ts";
import { EngineGate } from "../../../src/launcher/engine_gate.ts";

/** A gate whose thread is a record of the calls. */
function makeGate({ connectFails = false, lan = false } = {}) {
  const calls: string[] = [];
  const failures: string[] = [];
  let address = ethernet.address;
  let fail: (error: GateError) => void = () => {};
  const gate = new EngineGate(
    { allowLocal: true, lan },
    ({ message }) => failures.push(message),
    {
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
          setGateway() {},
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
    fail: (message: string) => fail(new GateError("GATE_DIED", message)),
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

Deno.test("a gate that cannot start is reported once", async () => {
  const { gate, failures } = makeGate({ connectFails: true });
  await Promise.all([gate.serve(anyPort()), gate.start()]);
  assert.equal(await gate.start(), undefined);
  assert.deepEqual(failures, ["no thread"]);
});

Deno.test("a gate that has died is reported once and not replaced", async () => {
  const { gate, calls, failures, fail } = makeGate();
  await gate.start();
  fail("out of memory");
  fail("again");
  assert.equal(await gate.start(), undefined);
  assert.deepEqual(failures, ["out of memory"]);
  assert.deepEqual(calls, ["start true", "terminate"]);
});
