/** Tests a gate that is bound to addresses of this machine, which is all of 127.0.0.0/8 here. */

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { concatBytes, systemClock } from "../../../src/base/mod.ts";
import { Gate, type GateOptions, type Port } from "../../../src/gate_thread/gate.ts";
import { GateClient } from "../../../src/gate/mod.ts";
import { connectGate } from "../../../src/gate_thread/mod.ts";
import {
  TEST_CERTIFICATE,
  TEST_CERTIFICATE_KEY,
  TEST_NAME,
} from "../../support/test_certificate.ts";

const binding = { ipv4: "127.0.0.2" };
const lost = { state: "lost" as const, why: "tun0 is gone" };

/** Starts a gate in a thread of its own, bound to 127.0.0.2. */
function startBound(options: Pick<GateOptions, "binding"> = { binding }) {
  const gate = connectGate({ allowLocal: true, interfaces: [], ...options }, (error) => {
    throw error;
  });
  return {
    gate,
    client: new GateClient(gate.open()),
    [Symbol.dispose]: () => gate.terminate(),
  };
}

async function codeOf(socket: { once(event: string, listener: unknown): unknown }) {
  return await new Promise<string>((resolve) => {
    socket.once("error", ({ code }: { code: string }) => resolve(code));
  });
}

/** Echoes one connection, and tells from which address it comes. */
function echoOne() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = listener.accept().then(async (connection) => {
    await connection.readable.pipeTo(connection.writable);
    listener.close();
    return connection.remoteAddr.hostname;
  });
  return { port: listener.addr.port, served };
}

Deno.test("a bound gate dials from its address, and moves bytes in both directions", async () => {
  using at = startBound();
  const { port, served } = echoOne();
  const socket = at.client.dial({ host: "127.0.0.1", port, allowHalfOpen: true });
  await once(socket, "connect");
  const sent = crypto.getRandomValues(new Uint8Array(60_000));
  for (let times = 0; times < 50; times++) socket.write(sent);
  socket.end();
  const parts: Uint8Array[] = [];
  for await (const bytes of socket) parts.push(bytes);
  const got = concatBytes(...parts);
  assert.equal(got.length, 50 * sent.length);
  assert.deepEqual(got.subarray(-sent.length), sent);
  assert.equal(await served, "127.0.0.2");
});

Deno.test("a peer that resets its connection ends no other connection of a bound gate", async () => {
  using at = startBound();
  const server = createServer((socket) => void socket.once("data", () => socket.resetAndDestroy()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port, served } = echoOne();
  const other = at.client.dial({ host: "127.0.0.1", port, allowHalfOpen: true });
  await once(other, "connect");
  const socket = at.client.dial({
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    allowHalfOpen: true,
  });
  const failed = codeOf(socket);
  socket.write(new Uint8Array(1));
  // The socket is read, as that of each peer.
  socket.resume();
  assert.equal(await failed, "ECONNRESET");
  server.close();
  other.end(new Uint8Array(7));
  const parts: Uint8Array[] = [];
  for await (const bytes of other) parts.push(bytes);
  assert.equal(concatBytes(...parts).length, 7);
  await served;
});

Deno.test("a bound gate reports a refused connection, and a family that it has no address of", async () => {
  using at = startBound();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  assert.equal(await codeOf(at.client.dial({ host: "127.0.0.1", port })), "ECONNREFUSED");
  assert.equal(await codeOf(at.client.dial({ host: "::1", port })), "EADDRNOTAVAIL");
  const udp = at.client.udp();
  const failed = codeOf(udp);
  udp.bind(0);
  assert.equal(await failed, "EADDRNOTAVAIL");
});

Deno.test("a bound gate sends datagrams of IPv6 from its address", async () => {
  using at = startBound({ binding: { ipv6: "::1" } });
  const peer = createSocket("udp6");
  peer.bind(0, "::1");
  await once(peer, "listening");
  const heard = once(peer, "message");
  const udp = at.client.udp();
  udp.bind(0);
  await once(udp, "listening");
  udp.send(new Uint8Array(5), 0, 5, peer.address().port, "::1");
  const [, from] = await heard as [unknown, { address: string }];
  assert.equal(from.address, "::1");
  udp.close();
  peer.close();
});

Deno.test("while its addresses are lost, a gate has no connection and opens none", async () => {
  using at = startBound();
  const { port, served } = echoOne();
  served.catch(() => {});
  const socket = at.client.dial({ host: "127.0.0.1", port });
  await once(socket, "connect");
  const failed = codeOf(socket);
  at.gate.setBindingState(lost);
  assert.equal(await failed, "ENETDOWN");
  assert.equal(await codeOf(at.client.dial({ host: "127.0.0.1", port })), "ENETDOWN");
  at.gate.setBindingState({ state: "bound" });
  const again = echoOne();
  // The state and the dial reach the gate by different ports, in any order.
  let later;
  do {
    later = at.client.dial({ host: "127.0.0.1", port: again.port });
  } while (!await once(later, "connect").then(() => true, () => false));
  later.destroy();
  assert.equal(await again.served, "127.0.0.2");
});

Deno.test("a bound gate checks the certificate of a web seed by its name", async () => {
  const file = new Uint8Array(500_000).map((_, index) => index * 7);
  const asked: string[] = [];
  const server = Deno.serve({
    ...{ hostname: "127.0.0.1", port: 0, onListen() {} },
    ...{ cert: TEST_CERTIFICATE, key: TEST_CERTIFICATE_KEY },
  }, (_request, { remoteAddr }) => {
    asked.push(remoteAddr.hostname);
    return new Response(file.slice());
  });
  const gate = new Gate({
    ...{ clock: systemClock, allowLocal: true, interfaces: [], binding },
    outside: { lookUp: () => Promise.resolve(["127.0.0.1"]), caCerts: [TEST_CERTIFICATE] },
  });
  const { port1, port2 } = new MessageChannel();
  const closeChannels = gate.serve(port1 as unknown as Port);
  const client = new GateClient(port2);
  const order = { first: 0, last: file.length - 1 };
  const url = (name: string) => `https://${name}:${server.addr.port}/`;
  const { body } = await client.fetchRange({ ...order, url: url(TEST_NAME) });
  const parts: Uint8Array[] = [];
  for await (const bytes of body) parts.push(bytes);
  assert.deepEqual(concatBytes(...parts), file);
  assert.deepEqual(asked, ["127.0.0.2"]);
  const other = client.fetchRange({ ...order, url: url("other.test") });
  await assert.rejects(other, { code: "TLS_FAILED" });
  closeChannels();
  port1.close();
  port2.close();
  await server.shutdown();
});
