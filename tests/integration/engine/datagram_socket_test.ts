/** Tests the DHT's UDP socket of IPv4, on 127.0.0.1. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { DenoDatagramSocket } from "../../../src/engine/dht/datagram_socket.ts";
import { UdpSocket } from "../../../src/engine/dht/udp_socket.ts";
import { eventually } from "../../support/engines.ts";

const HOST = "127.0.0.1";
const none = () => {};

function bound(receiveBytes = 64): DenoDatagramSocket {
  const socket = new DenoDatagramSocket(receiveBytes);
  socket.on("error", (error) => assert.fail(error));
  socket.bind(0, HOST);
  return socket;
}

Deno.test("packets go from one socket to another, with the sender's address", async () => {
  const [a, b] = [bound(), bound()];
  const message = once(b, "message");
  a.send(Uint8Array.of(0, 1, 2, 3), 1, 2, b.address().port, HOST, none);
  const [bytes, from] = await message;
  assert.deepEqual([...bytes], [1, 2]);
  assert.deepEqual(from, { ...a.address(), size: 2 });
  await Promise.all([a, b].map((socket) => {
    const closed = once(socket, "close");
    socket.close();
    return closed;
  }));
});

Deno.test("a packet takes the place of the one before, and is truncated to the buffer", async () => {
  const [a, b] = [bound(), bound(4)];
  const got: Uint8Array[] = [];
  b.on("message", (bytes: Uint8Array) => got.push(bytes));
  for (const first of [1, 5]) {
    a.send(Uint8Array.of(first, 2, 3, 4, 5, 6), 0, 6, b.address().port, HOST, none);
    await eventually(() => got.at(-1)?.[0] === first, "a packet");
  }
  assert.deepEqual(got.map((bytes) => [...bytes]), [[5, 2, 3, 4], [5, 2, 3, 4]]);
  a.close();
  b.close();
});

Deno.test("a port that is taken is an error with the system's code, as with node:dgram", () => {
  const a = bound();
  const b = new DenoDatagramSocket(64);
  const errors: { code?: string }[] = [];
  b.on("error", (error) => errors.push(error));
  b.bind(a.address().port, HOST);
  assert.deepEqual(errors.map(({ code }) => code), ["EADDRINUSE"]);
  a.close();
});

Deno.test("nothing is sent to a name or an impossible port, nor by a closed socket", () => {
  const socket = bound();
  const send = (host: string, port: number) =>
    socket.send(Uint8Array.of(1), 0, 1, port, host, none);
  for (const host of ["localhost", "::1", ""]) assert.throws(() => send(host, 6881), TypeError);
  for (const port of [0, -1, 65_536, NaN]) assert.throws(() => send(HOST, port), RangeError);
  socket.close();
  assert.throws(() => send(HOST, 6881), /closed/);
  assert.throws(() => socket.close(), /closed/);
});

Deno.test("a packet that is longer than the buffer is counted as malformed, of the DHT and of uTP", async () => {
  const socket = new UdpSocket();
  socket.mayUsePort = () => true;
  const port = await socket.open(0);
  const sender = bound();
  for (const first of ["d", "\x01"]) {
    const before = socket.traffic.malformed;
    const bytes = new Uint8Array(5_000).fill(first.charCodeAt(0));
    sender.send(bytes, 0, bytes.length, port, HOST, none);
    await eventually(() => socket.traffic.malformed === before + 1, "a malformed packet");
  }
  sender.close();
  socket.close();
});
