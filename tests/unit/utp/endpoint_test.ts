/** Tests that strangers' packets neither break a connection nor make us remember or send much. */

import assert from "node:assert/strict";
import { UtpEndpoint, type UtpLimits, type UtpSocket, UtpUsage } from "../../../src/utp/mod.ts";
import { type Header, makePacket, readPacket, ST } from "../../../src/utp/packet.ts";
import { settle } from "../../support/fake_clock.ts";
import { ACCEPTOR, DIALLER, makePair } from "../../support/utp_network.ts";

const header: Header = {
  type: ST.syn,
  connectionId: 100,
  timestampUs: 1,
  delayUs: 0,
  windowBytes: 1_000_000,
  seq: 1,
  ack: 0,
};

function data(fields: Partial<Header>, payload: Uint8Array | string = "x"): Uint8Array {
  const head = makePacket({ ...header, type: ST.data, ...fields });
  return Uint8Array.from([...head, ...new TextEncoder().encode(String(payload))]);
}

/** An endpoint whose peers are a test's packets, and the packets and connections that it made. */
class Alone {
  readonly sent: { bytes: Uint8Array; host: string }[] = [];
  readonly accepted: UtpSocket[] = [];
  readonly endpoint: UtpEndpoint;
  nowUs = 0;

  /** Does what is due. */
  tick = () => {};

  constructor(limits?: UtpLimits | UtpUsage) {
    let random = 7;
    this.endpoint = new UtpEndpoint({
      nowUs: () => this.nowUs,
      after: (_delayMs, fire) => {
        this.tick = fire;
        return { cancel() {} };
      },
      random16: () => random = random * 75 % 65_537 & 0xffff,
      send: (bytes, host) => this.sent.push({ bytes: bytes.slice(), host }),
      onConnection: (socket) => {
        socket.on("error", () => {});
        this.accepted.push(socket);
      },
      usage: limits instanceof UtpUsage ? limits : new UtpUsage(limits),
    });
  }

  receive(bytes: Uint8Array, host = "198.51.100.7"): string {
    return this.endpoint.receive(bytes, host, 6881);
  }

  /** Begins a connection and confirms it. Returns the sequence number of our first packet. */
  open(host?: string): number {
    this.receive(makePacket(header), host);
    const { seq } = readPacket(this.sent.at(-1)!.bytes)!;
    this.receive(data({ connectionId: 101, seq: 2, ack: seq - 1 }), host);
    return seq;
  }
}

Deno.test("an ST_SYN gets an answer that is no longer, once, and no connection", () => {
  const alone = new Alone();
  const syn = makePacket(header);
  assert.equal(alone.receive(syn), "taken");
  assert.equal(alone.sent.length, 1);
  assert.ok(alone.sent[0]!.bytes.length <= syn.length);
  assert.equal(alone.endpoint.counts.connections, 0);
  assert.equal(alone.accepted.length, 0);
});

Deno.test("a packet that does not acknowledge our random number confirms nothing, and gets no answer", () => {
  const alone = new Alone();
  alone.receive(makePacket(header));
  const { seq } = readPacket(alone.sent[0]!.bytes)!;
  for (const ack of [seq, seq + 1, seq - 2, 0]) {
    assert.equal(alone.receive(data({ connectionId: 101, seq: 2, ack })), "unknown");
  }
  assert.equal(alone.sent.length, 1);
  assert.equal(alone.accepted.length, 0);
  alone.receive(data({ connectionId: 101, seq: 2, ack: seq - 1 }));
  assert.equal(alone.accepted.length, 1);
});

Deno.test("a sender with a forged address cannot confirm by trying all sequence numbers", () => {
  const alone = new Alone();
  alone.receive(makePacket(header));
  const { seq } = readPacket(alone.sent[0]!.bytes)!;
  for (let ack = seq + 1; ack < seq + 9; ack++) {
    alone.receive(data({ connectionId: 101, seq: 2, ack: ack & 0xffff }));
  }
  assert.equal(alone.endpoint.counts.halfOpen, 0);
  assert.equal(alone.receive(data({ connectionId: 101, seq: 2, ack: seq - 1 })), "unknown");
  assert.equal(alone.accepted.length, 0);
  alone.open();
  assert.equal(alone.accepted.length, 1);
});

Deno.test("a flood of ST_SYNs from forged addresses takes constant memory, and is not amplified", () => {
  const alone = new Alone();
  let [bytesIn, bytesOut] = [0, 0];
  for (let i = 0; i < 20_000; i++) {
    const syn = makePacket({ ...header, connectionId: i & 0xffff });
    alone.receive(syn, `198.18.${i >> 8 & 255}.${i & 255}`);
    bytesIn += syn.length;
    for (const { bytes } of alone.sent.splice(0)) bytesOut += bytes.length;
  }
  assert.ok(bytesOut <= bytesIn);
  assert.ok(alone.endpoint.counts.halfOpen <= 1_024);
  assert.equal(alone.endpoint.counts.connections, 0);
});

Deno.test("a connection that is not confirmed within ten seconds is forgotten", () => {
  const alone = new Alone();
  alone.receive(makePacket(header));
  const { seq } = readPacket(alone.sent[0]!.bytes)!;
  alone.nowUs += 10_000_001;
  assert.equal(alone.receive(data({ connectionId: 101, seq: 2, ack: seq - 1 })), "unknown");
});

Deno.test("the number of connections is bounded", () => {
  const alone = new Alone({ connections: 4, halfOpen: 10, keptBytes: 1e6, flightBytes: 1e6 });
  for (let i = 0; i < 8; i++) alone.open(`198.51.100.${i}`);
  assert.equal(alone.endpoint.counts.connections, 4);
  assert.equal(alone.accepted.length, 4);
});

Deno.test("a packet that acknowledges what was never sent is ignored, and so is such a reset", () => {
  const alone = new Alone();
  const seq = alone.open();
  const before = alone.sent.length;
  for (const ack of [seq, seq + 1, seq + 5_000, seq - 5_000]) {
    alone.receive(data({ connectionId: 101, seq: 3, ack: ack & 0xffff }));
    const reset = { ...header, type: ST.reset, ack: ack & 0xffff };
    alone.receive(makePacket({ ...reset, connectionId: 100 }));
    alone.receive(makePacket({ ...reset, connectionId: 101 }));
  }
  assert.equal(alone.sent.length, before);
  assert.equal(alone.endpoint.counts.connections, 1);
  alone.receive(makePacket({ ...header, type: ST.reset, connectionId: 100, ack: seq - 1 }));
  assert.equal(alone.endpoint.counts.connections, 0);
});

Deno.test("a selective acknowledgement of packets that were never sent changes nothing", async () => {
  const alone = new Alone();
  const seq = alone.open();
  const [socket] = alone.accepted;
  socket!.write(new Uint8Array(100));
  await settle();
  const all = new Uint8Array(252).fill(0xff);
  const state = { ...header, type: ST.state, connectionId: 101, seq: 3 };
  alone.receive(makePacket({ ...state, ack: seq - 1 }, all));
  assert.equal(alone.endpoint.counts.flightBytes, 100);
  alone.receive(makePacket({ ...state, ack: seq }, all));
  assert.equal(alone.endpoint.counts.flightBytes, 0);
});

Deno.test("packets that never become readable are kept up to a bound", () => {
  const alone = new Alone({ connections: 10, halfOpen: 10, keptBytes: 500_000, flightBytes: 1e6 });
  const seq = alone.open();
  const payload = "y".repeat(1_000);
  for (let i = 4; i < 60_000; i++) {
    alone.receive(data({ connectionId: 101, seq: i, ack: seq - 1 }, payload));
    alone.sent.length = 0;
  }
  const { keptBytes } = alone.endpoint.counts;
  // An eighth of what is left free.
  assert.ok(keptBytes > 50_000 && keptBytes <= 500_000 / 9, `${keptBytes} bytes`);
  // Packets in order are still passed on.
  const bytesRead = alone.accepted[0]!.bytesRead;
  alone.receive(data({ connectionId: 101, seq: 3, ack: seq - 1 }, payload));
  assert.ok(alone.accepted[0]!.bytesRead > bytesRead);
});

/** Sends packets after a gap, as many as are kept. Returns the bytes that they take. */
function fillGap(alone: Alone, host: string): number {
  const before = alone.endpoint.counts.keptBytes;
  const seq = alone.open(host);
  for (let i = 4; i < 4_000; i++) {
    alone.receive(data({ connectionId: 101, seq: i, ack: seq - 1 }, "y".repeat(1_000)), host);
    alone.sent.length = 0;
  }
  return alone.endpoint.counts.keptBytes - before;
}

Deno.test("all connections of one machine together are kept no more than one, and others still have room", () => {
  const limits = { connections: 100, halfOpen: 10, keptBytes: 16 * 2 ** 20, flightBytes: 1e6 };
  const alone = new Alone(limits);
  const first = fillGap(alone, "2a01:4f8:1:1::1");
  for (let i = 2; i < 10; i++) assert.ok(fillGap(alone, `2a01:4f8:1:1::${i}`) < 2_000);
  for (let i = 1; i < 16; i++) fillGap(alone, `198.51.100.${i}`);
  const honest = fillGap(alone, "203.0.113.1");
  assert.ok(honest > first / 10, `${honest} bytes of ${first}`);
  assert.ok(alone.endpoint.counts.keptBytes < limits.keptBytes);
  alone.endpoint.close();
  assert.equal(alone.endpoint.counts.keptBytes, 0);
});

Deno.test("a gap that is not filled for a minute ends the connection, and one that is does not", () => {
  const gap = (fillsGap: boolean) => {
    const alone = new Alone();
    const ack = alone.open() - 1;
    alone.receive(data({ connectionId: 101, seq: 4, ack }));
    alone.nowUs += 30_000_000;
    alone.receive(data({ connectionId: 101, seq: 6, ack }));
    if (fillsGap) alone.receive(data({ connectionId: 101, seq: 3, ack }));
    alone.nowUs += 30_000_000;
    // A timer that is late lets packets be received first.
    alone.tick();
    alone.tick();
    return alone;
  };
  assert.equal(gap(true).endpoint.counts.connections, 1);
  const lasting = gap(false);
  assert.equal(lasting.endpoint.counts.connections, 0);
  assert.equal(lasting.endpoint.counts.keptBytes, 0);
  assert.equal(readPacket(lasting.sent.at(-1)!.bytes)!.type, ST.reset);
});

Deno.test("endpoints that share their usage have their limits together", () => {
  const usage = new UtpUsage({
    connections: 3,
    halfOpen: 10,
    keptBytes: 2 ** 20,
    flightBytes: 1e6,
  });
  const [four, six] = [new Alone(usage), new Alone(usage)];
  for (let i = 1; i < 3; i++) {
    four.open(`198.51.100.${i}`);
    six.open(`2a01:4f8:${i}::1`);
  }
  assert.equal(four.endpoint.counts.connections + six.endpoint.counts.connections, 3);
  six.endpoint.close();
  four.open("198.51.100.9");
  assert.equal(four.endpoint.counts.connections, 3);
});

Deno.test("a peer with a huge window gets no more than our congestion window", async () => {
  const alone = new Alone();
  const seq = alone.open();
  const [socket] = alone.accepted;
  socket!.write(new Uint8Array(8 * 1024 * 1024));
  await settle();
  const state = { ...header, type: ST.state, connectionId: 101, seq: 3, windowBytes: 0xffffffff };
  alone.receive(makePacket({ ...state, ack: seq - 1 }));
  await settle();
  assert.ok(alone.endpoint.counts.flightBytes <= 10 * 1_452);
});

Deno.test("a window of 0 stops the sender, which asks from time to time and then goes on", async () => {
  const pair = makePair(1, { delayMs: 10 });
  const { dialled, accepted } = await pair.open();
  await pair.network.clock.advance(1_000);
  let isOpen = false;
  let packets = 0;
  pair.network.onSend = ({ bytes, from }) => {
    if (from === ACCEPTOR && !isOpen) bytes.fill(0, 12, 16);
    if (from === DIALLER && readPacket(bytes)!.type === ST.data) packets++;
  };
  accepted.onBytes = () => true;
  accepted.resume();
  dialled.write("a");
  await pair.network.clock.advance(1_000);
  const atFirst = packets;
  dialled.write(new Uint8Array(500_000));
  await pair.network.clock.advance(50_000);
  assert.ok(packets - atFirst >= 2 && packets - atFirst < 25, `${packets - atFirst} packets`);
  isOpen = true;
  const ended = new Promise((resolve) => accepted.once("end", resolve));
  dialled.end();
  await pair.network.clock.until(ended);
  assert.equal(accepted.bytesRead, 500_002);
});

Deno.test("packets after a peer's end, and a second end, are dropped", async () => {
  const alone = new Alone();
  const seq = alone.open();
  const [socket] = alone.accepted;
  const fin = { ...header, type: ST.fin, connectionId: 101, ack: seq - 1 };
  alone.receive(makePacket({ ...fin, seq: 4 }));
  alone.receive(data({ connectionId: 101, seq: 5, ack: seq - 1 }, "after"));
  alone.receive(makePacket({ ...fin, seq: 6 }));
  let text = "";
  socket!.on("data", (bytes) => text += bytes);
  const ended = new Promise((resolve) => socket!.once("end", resolve));
  alone.receive(data({ connectionId: 101, seq: 3, ack: seq - 1 }, "y"));
  await ended;
  assert.equal(text, "xy");
});
