/** Tests the gate with ports and connections in memory. */

import assert from "node:assert/strict";
import { Gate, type Port } from "../../../src/gate_thread/gate.ts";
import {
  MAX_CHANNELS,
  parseAsk,
  type Tell,
  WINDOW_BYTES,
} from "../../../src/gate_thread/protocol.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { whenAborted } from "../../support/aborts.ts";

/** A connection whose other end is the test. */
class FakeConnection {
  reads: ((count: number | null) => void)[] = [];
  buffers: Uint8Array[] = [];
  written: number[] = [];
  holdWrites = false;
  isClosed = false;
  endedWrites = 0;
  localAddr = { hostname: "2600::2" };

  read(buffer: Uint8Array): Promise<number | null> {
    this.buffers.push(buffer);
    return new Promise((resolve) => this.reads.push(resolve));
  }

  write(bytes: Uint8Array): Promise<number> {
    this.written.push(bytes.length);
    return this.holdWrites ? new Promise(() => {}) : Promise.resolve(bytes.length);
  }

  closeWrite(): Promise<void> {
    this.endedWrites++;
    return Promise.resolve();
  }

  setNoDelay(): void {}

  close(): void {
    this.isClosed = true;
  }
}

/** A message of the asking thread with one packet, of a length in bytes. */
function packet(length: number) {
  return { ask: "packets", id: 1, packets: [{ host: "", port: 0, bytes: new Uint8Array(length) }] };
}

/** Serves a port of a gate whose connections are fake. */
function openGate(lookUp: (name: string) => Promise<string[]> = () => Promise.resolve([])) {
  const told: Tell[] = [];
  const connections: FakeConnection[] = [];
  const dialled: string[] = [];
  const clock = new FakeClock();
  const gate = new Gate({
    clock,
    allowLocal: false,
    interfaces: [],
    outside: {
      lookUp,
      connect: (host, port, signal) => {
        dialled.push(`${host} ${port}`);
        if (port === 9_999) {
          return new Promise((_, reject) => whenAborted(signal, () => reject(signal.reason)));
        }
        const connection = new FakeConnection();
        connections.push(connection);
        return Promise.resolve(connection as unknown as Deno.TcpConn);
      },
    },
  });
  const port: Port = { postMessage: (message) => told.push(message), onmessage: null };
  const close = gate.serve(port);
  const ask = (data: unknown) => port.onmessage!({ data });
  const dial = async (id = 1) => {
    ask({ ask: "open", kind: "dial", id, host: "2600::1", port: 6_881 });
    await settle();
    return connections.at(-1)!;
  };
  const closings = () => told.flatMap((one) => one.tell === "closed" ? [one.error?.code] : []);
  return { ask, dial, told, dialled, connections, clock, close, closings };
}

Deno.test("the addresses of a peer's name that may be dialled are told, and none else", async () => {
  const names: Record<string, string[]> = {
    "mixed.example": ["10.0.0.1", "2600::1", "93.184.216.34", "169.254.169.254"],
    "private.example": ["127.0.0.1", "::1"],
    "many.example": Array.from({ length: 100 }, (_, i) => `93.184.216.${i}`),
  };
  const at = openGate((name) =>
    name in names ? Promise.resolve(names[name]!) : Promise.reject(new Error("NXDOMAIN"))
  );
  const cases: [string, number, string[] | string][] = [
    ["mixed.example", 6_881, ["2600::1", "93.184.216.34"]],
    ["mixed.example", 22, "ADDRESS_REFUSED"],
    ["private.example", 6_881, "ADDRESS_REFUSED"],
    ["many.example", 6_881, names["many.example"]!.slice(0, 8)],
    ["nothing.example", 6_881, "NAME_NOT_FOUND"],
  ];
  for (const [index, [name, port, expected]] of cases.entries()) {
    at.told.length = 0;
    at.ask({ ask: "open", kind: "names", id: index, host: name, port });
    await settle();
    const hosts = at.told.flatMap((one) =>
      one.tell === "packets" ? one.packets.map(({ host }) => host) : []
    );
    assert.deepEqual(hosts.length > 0 ? hosts : at.closings()[0], expected, name);
    assert.equal(at.told.at(-1)!.tell, "closed");
  }
  assert.deepEqual(at.dialled, []);
});

Deno.test("the gate sends bytes up to the asking thread's credit, and goes on after more credit", async () => {
  const at = openGate();
  const connection = await at.dial();
  let sent = 0;
  while (connection.reads.length > 0) {
    sent += connection.buffers.at(-1)!.length;
    connection.reads.pop()!(connection.buffers.at(-1)!.length);
    await settle();
  }
  assert.equal(sent, WINDOW_BYTES);
  const data = () =>
    at.told.reduce(
      (sum, one) => sum + (one.tell === "packets" ? one.packets[0]!.bytes.length : 0),
      0,
    );
  assert.equal(data(), WINDOW_BYTES);
  at.ask({ ask: "credit", id: 1, amount: 100 });
  await settle();
  assert.equal(connection.buffers.at(-1)!.length, 100, "it reads no more than the new credit");
  at.ask({ ask: "credit", id: 1, amount: Number.MAX_SAFE_INTEGER });
  connection.reads.pop()!(100);
  await settle();
  assert.ok(connection.buffers.at(-1)!.length <= WINDOW_BYTES);
});

Deno.test("a thread that sends more than its credit loses the connection", async () => {
  const at = openGate();
  const connection = await at.dial();
  connection.holdWrites = true;
  at.ask(packet(WINDOW_BYTES));
  assert.deepEqual(at.closings(), []);
  at.ask(packet(1));
  assert.deepEqual(at.closings(), ["OVER_CREDIT"]);
  assert.ok(connection.isClosed);
});

Deno.test("credit comes back after the bytes have been written", async () => {
  const at = openGate();
  const connection = await at.dial();
  at.ask(packet(WINDOW_BYTES));
  await settle();
  assert.deepEqual(connection.written, [WINDOW_BYTES]);
  assert.deepEqual(at.told.at(-1), { tell: "credit", id: 1, amount: WINDOW_BYTES });
  at.ask(packet(WINDOW_BYTES));
  await settle();
  assert.deepEqual(at.closings(), []);
});

Deno.test("each direction ends separately, and the channel ends after both", async () => {
  const at = openGate();
  const connection = await at.dial();
  connection.reads.pop()!(null);
  await settle();
  assert.deepEqual(at.told.at(-1), { tell: "end", id: 1 });
  at.ask(packet(5));
  at.ask({ ask: "end", id: 1 });
  await settle();
  assert.deepEqual(connection.written, [5]);
  assert.equal(connection.endedWrites, 1);
  assert.deepEqual(at.told.at(-1), { tell: "closed", id: 1 });
  assert.ok(connection.isClosed);
});

Deno.test("closing a channel closes its connection, also while the connection is being opened", async () => {
  const at = openGate();
  const connection = await at.dial();
  at.ask({ ask: "close", id: 1 });
  assert.ok(connection.isClosed);
  at.ask({ ask: "open", kind: "dial", id: 2, host: "2600::1", port: 9_999 });
  at.ask({ ask: "close", id: 2 });
  await settle();
  assert.deepEqual(at.closings(), [undefined, undefined]);
});

Deno.test("a channel that closes without credit reads no more", async () => {
  const at = openGate();
  const connection = await at.dial();
  while (connection.reads.length > 0) {
    connection.reads.pop()!(connection.buffers.at(-1)!.length);
    await settle();
  }
  const reads = connection.buffers.length;
  at.ask({ ask: "close", id: 1 });
  await settle();
  assert.equal(connection.buffers.length, reads);
  assert.ok(connection.isClosed);
});

Deno.test("a dial without an answer ends with ETIMEDOUT", async () => {
  const at = openGate();
  at.ask({ ask: "open", kind: "dial", id: 1, host: "2600::1", port: 9_999 });
  await at.clock.advance(29_000);
  assert.deepEqual(at.closings(), []);
  await at.clock.advance(2_000);
  assert.deepEqual(at.closings(), ["ETIMEDOUT"]);
});

Deno.test("only public addresses are dialled", async () => {
  const at = openGate();
  const hosts = [
    ...["127.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1"],
    ...["64:ff9b::a00:1", "fe80::1%eth0", "localhost", "2002:7f00:1::1", "", "2130706433"],
  ];
  for (const [id, host] of hosts.entries()) {
    at.ask({ ask: "open", kind: "dial", id: 2 * id, host, port: 6_881 });
    at.ask({ ask: "open", kind: "http", id: 2 * id + 1, host, port: 80 });
  }
  at.ask({ ask: "open", kind: "dial", id: 100, host: "2600::1", port: 22 });
  await settle();
  assert.deepEqual(at.dialled, []);
  assert.equal(at.closings().length, 2 * hosts.length + 1);
});

Deno.test("a name is refused if one of its addresses is not public", async () => {
  const names: Record<string, string[]> = {
    "good.example": ["2600::5", "8.8.8.8"],
    "mixed.example": ["8.8.8.8", "10.0.0.1"],
    "mapped.example": ["2600::5", "::ffff:127.0.0.1"],
    "zone.example": ["2600::5", "fe80::1%eth0"],
  };
  const at = openGate((name) =>
    names[name] ? Promise.resolve(names[name]) : Promise.reject(new Error("ENOTFOUND"))
  );
  for (const [id, name] of [...Object.keys(names), "no.example"].entries()) {
    at.ask({ ask: "open", kind: "http", id, host: name, port: 80 });
  }
  await settle();
  assert.deepEqual(at.dialled, ["2600::5 80"], "to the address, not to the name");
  const refused = ["ADDRESS_REFUSED", "ADDRESS_REFUSED", "ADDRESS_REFUSED", "NAME_NOT_FOUND"];
  assert.deepEqual(at.closings(), refused);
});

Deno.test("the number of channels is bounded", async () => {
  const at = openGate();
  for (let id = 0; id < MAX_CHANNELS; id++) await at.dial(id);
  assert.deepEqual(at.closings(), []);
  await at.dial(MAX_CHANNELS);
  assert.deepEqual(at.closings(), ["TOO_MANY_CHANNELS"]);
  at.close();
  assert.ok(at.connections.every(({ isClosed }) => isClosed));
});

Deno.test("a message that does not fit the protocol ends its channel and no other", async () => {
  const at = openGate();
  const [first, second] = [await at.dial(1), await at.dial(2)];
  at.ask({ ask: "packets", id: 1, packets: "text" });
  assert.deepEqual(at.closings(), ["BAD_REQUEST"]);
  assert.ok(first.isClosed && !second.isClosed);
  at.ask({ ask: "open", kind: "dial", id: 2, host: "2600::1", port: 6_881 });
  assert.ok(second.isClosed, "an id that is in use");
  for (const odd of [undefined, null, 5, "x", [], {}, { ask: "dial" }, { id: {} }]) at.ask(odd);
  assert.equal(at.closings().length, 2);
});

Deno.test("messages are parsed strictly", () => {
  const good = { ask: "open", kind: "dial", id: 1, host: "2600::1", port: 1 };
  assert.ok(parseAsk(good));
  const part = { host: "::1", port: 1, bytes: new Uint8Array(1) };
  const shared = new Uint8Array(new SharedArrayBuffer(4));
  const packets = (...packets: unknown[]) => ({ ask: "packets", id: 1, packets });
  assert.ok(parseAsk(packets(part)));
  for (
    const bad of [
      { ...good, id: -1 },
      { ...good, id: 1.5 },
      { ...good, port: 65_536 },
      { ...good, port: "1" },
      { ...good, host: "x".repeat(254) },
      { ...good, allowLocal: true },
      { ...good, ask: "toString" },
      { ...good, kind: "toString" },
      { ...good, kind: ["dial"] },
      { ask: "open", id: 1, host: "2600::1", port: 1 },
      packets(),
      packets({ ...part, bytes: new Uint8Array() }),
      packets({ ...part, bytes: shared }),
      packets({ ...part, bytes: [1] }),
      packets({ ...part, more: 1 }),
      packets({ host: "::1", port: 1 }),
      packets(...Array(1_025).fill(part)),
      { ...packets(part), packets: { 0: part, length: 1 } },
      { ask: "credit", id: 1, amount: Infinity },
      { ask: "end" },
    ]
  ) assert.equal(parseAsk(bad), undefined, JSON.stringify(bad));
});
