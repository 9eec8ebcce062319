/** Tests ports of the gate that may reach one web server only. */

import assert from "node:assert/strict";
import { Gate, type Port } from "../../../src/gate_thread/gate.ts";
import type { OnlyServer, Opening, Tell } from "../../../src/gate_thread/protocol.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

/** Asks a gate for a channel, and returns the address to which it connected, or the error's code. */
async function ask(
  opening: Pick<Opening, "kind" | "host" | "port">,
  only: OnlyServer | undefined,
  addresses: string[] = [],
): Promise<string> {
  const told: Tell[] = [];
  let reached: string | undefined;
  const gate = new Gate({
    clock: new FakeClock(),
    allowLocal: false,
    interfaces: [],
    outside: {
      lookUp: () => Promise.resolve(addresses),
      connect: (host, port) => {
        reached = `${host} ${port}`;
        return Promise.reject(Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));
      },
    },
  });
  const port: Port = { postMessage: (message) => told.push(message), onmessage: null };
  const close = gate.serve(port, only);
  port.onmessage!({ data: { ask: "open", id: 1, ...opening } });
  for (let turn = 0; turn < 10 && told.length === 0; turn++) await settle();
  close();
  const closed = told.find((one) => one.tell === "closed");
  return reached ?? closed?.error?.code ?? "silent";
}

const server: OnlyServer = { kind: "https", host: "hooks.example", port: 443 };
const open: Pick<Opening, "kind" | "host" | "port"> = server;

Deno.test("a port for one web server reaches it, and nothing else", async () => {
  const addresses = ["93.184.216.34"];
  assert.equal(await ask(open, server, addresses), "93.184.216.34 443");
  const others: Pick<Opening, "kind" | "host" | "port">[] = [
    { ...open, host: "other.example" },
    { ...open, host: "93.184.216.34" },
    { ...open, port: 8_443 },
    { ...open, kind: "http" },
    { ...open, kind: "names" },
    { kind: "dial", host: "93.184.216.34", port: 443 },
    { kind: "udp", host: "", port: 0 },
    { kind: "search", host: "", port: 0 },
    { kind: "discover", host: "", port: 6_881 },
    { kind: "router", host: "192.168.1.1", port: 80 },
    { kind: "control", host: "192.168.1.1", port: 0 },
  ];
  for (const other of others) {
    assert.equal(await ask(other, server, addresses), "ADDRESS_REFUSED", JSON.stringify(other));
  }
});

Deno.test("a name of the one server leads to no address of this machine or a private network", async () => {
  for (const address of ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "fd00::1", "0.0.0.0"]) {
    assert.equal(await ask(open, server, [address]), "ADDRESS_REFUSED", address);
    assert.equal(await ask(open, server, ["93.184.216.34", address]), "ADDRESS_REFUSED", address);
  }
});

Deno.test("a loopback address that the user has chosen may be reached, at any port", async () => {
  for (const host of ["127.0.0.1", "::1"]) {
    const chosen: OnlyServer = { kind: "http", host, port: 25 };
    assert.equal(await ask({ ...chosen }, chosen), `${host} 25`);
    assert.equal(await ask({ ...chosen }, undefined), "ADDRESS_REFUSED", "nobody has chosen it");
  }
  for (const host of ["192.168.1.1", "169.254.169.254", "10.0.0.1", "fe80::1"]) {
    const chosen: OnlyServer = { kind: "http", host, port: 8_080 };
    assert.equal(await ask({ ...chosen }, chosen), "ADDRESS_REFUSED", host);
  }
});
