/**
 * Tests the gate in a thread of its own with the permissions that it has in the program, over real
 * sockets of this machine.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { concatBytes, equalBytes, utf8 } from "../../../src/base/mod.ts";
import { GateClient, type GateSocket, type HeardPeer } from "../../../src/gate/mod.ts";
import { connectGate, discoveryInterfaces } from "../../../src/gate_thread/mod.ts";
import { eventually } from "../../support/engines.ts";
import { freePort } from "../../support/free_port.ts";

const INFO_HASH = "0123456789abcdef0123456789abcdef01234567";

/** Starts a gate, and a client of it. */
function startGate({ allowLocal = true, interfaces = [] as Deno.NetworkInterfaceInfo[] } = {}) {
  const gate = connectGate(
    { allowLocal, interfaces: discoveryInterfaces(interfaces, allowLocal) },
    (error) => {
      throw error;
    },
  );
  return {
    gate,
    client: new GateClient(gate.open()),
    [Symbol.dispose]: () => gate.terminate(),
  };
}

/** Accepts one TCP connection and gives it to a function. Returns the port. */
function acceptOne(hostname: string, use: (connection: Deno.TcpConn) => Promise<void>) {
  const listener = Deno.listen({ hostname, port: 0 });
  const served = listener.accept().then(async (connection) => {
    try {
      await use(connection);
    } finally {
      connection.close();
      listener.close();
    }
  });
  return { port: listener.addr.port, served };
}

async function readAll(connection: Deno.TcpConn): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const buffer = new Uint8Array(65_536);
    const count = await connection.read(buffer);
    if (count === null) return concatBytes(...parts);
    parts.push(buffer.subarray(0, count));
  }
}

async function collect(socket: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const bytes of socket) parts.push(bytes);
  return concatBytes(...parts);
}

async function codeOf(socket: GateSocket): Promise<string> {
  const [error] = await once(socket, "close").then(() => [undefined], (error) => [error]);
  return (error as { code?: string } | undefined)?.code ?? "none";
}

const sample = new Uint8Array(5_000_000).map((_, index) => index * 31 >> 3);

for (const hostname of ["127.0.0.1", "::1"]) {
  Deno.test(`megabytes pass unchanged in both directions, each of which ends by itself (${hostname})`, async () => {
    using at = startGate();
    const received = Promise.withResolvers<Uint8Array>();
    const { port, served } = acceptOne(hostname, async (connection) => {
      for (let sent = 0; sent < sample.length;) {
        sent += await connection.write(sample.subarray(sent));
      }
      await connection.closeWrite();
      received.resolve(await readAll(connection));
    });
    const socket = at.client.dial({ host: hostname, port, allowHalfOpen: true });
    const parts: Uint8Array[] = [];
    socket.on("data", (bytes) => parts.push(bytes));
    await once(socket, "end");
    assert.ok(equalBytes(concatBytes(...parts), sample));
    assert.equal(socket.bytesRead, sample.length);
    socket.end(sample.slice());
    assert.ok(equalBytes(await received.promise, sample));
    await served;
    await eventually(() => socket.destroyed, "the socket ends after both directions");
  });
}

Deno.test("a sender is held back while the asking thread does not read", async () => {
  using at = startGate();
  let sent = 0;
  const { port, served } = acceptOne("127.0.0.1", async (connection) => {
    try {
      for (;;) sent += await connection.write(sample);
    } catch {
      // The other end has closed the connection.
    }
  });
  const socket = at.client.dial({ host: "127.0.0.1", port });
  socket.on("error", () => {});
  await once(socket, "readable");
  let before = -1;
  await eventually(async () => {
    const same = sent === before && socket.bytesRead > 0;
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return same;
  }, "the sender stands still");
  assert.ok(socket.bytesRead <= 1_000_000, `${socket.bytesRead} bytes`);
  socket.destroy();
  await served;
});

Deno.test("failures to connect come as errors with the system's code", async () => {
  using at = startGate();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  assert.equal(await codeOf(at.client.dial({ host: "127.0.0.1", port })), "ECONNREFUSED");
});

Deno.test("the gate refuses what is not public, whatever the asking thread says", async () => {
  using at = startGate({ allowLocal: false });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  for (
    const host of [
      ...["127.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1"],
      ...["64:ff9b::a00:1", "::ffff:127.0.0.1", "localhost"],
    ]
  ) {
    assert.equal(await codeOf(at.client.dial({ host, port })), "ADDRESS_REFUSED", host);
    assert.equal(await codeOf(at.client.reach(host, port, false)), "ADDRESS_REFUSED", host);
  }
  listener.close();
});

/** Starts a web server of a file, with ranges and redirects. */
function serveFile(file: Uint8Array) {
  const requests: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname, searchParams } = new URL(request.url);
    requests.push(`${pathname} ${request.headers.get("range")}`);
    if (pathname === "/to") {
      return new Response(null, { status: 302, headers: { location: searchParams.get("url")! } });
    }
    if (pathname === "/loop") {
      return new Response(null, { status: 301, headers: { location: "loop" } });
    }
    if (pathname === "/whole") return new Response(file.slice());
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "") ?? [];
    const end = Math.min(Number(to) + 1, file.length);
    if (Number(from) >= file.length) return new Response(null, { status: 416 });
    const headers = { "content-range": `bytes ${from}-${end - 1}/${file.length}` };
    return new Response(file.slice(Number(from), end), { status: 206, headers });
  });
  const base = `http://127.0.0.1:${server.addr.port}`;
  return { base, requests, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("a range of a web seed is fetched, by redirects too", async () => {
  using at = startGate();
  await using web = serveFile(sample);
  const order = { url: `${web.base}/file`, first: 1_000, last: 2_999_999 };
  const range = await at.client.fetchRange(order);
  assert.equal(range.lengthBytes, 2_999_000);
  assert.equal(range.totalBytes, sample.length);
  assert.ok(equalBytes(await collect(range.body), sample.subarray(1_000, 3_000_000)));
  const moved = await at.client.fetchRange({ ...order, url: `${web.base}/to?url=/file` });
  assert.ok(equalBytes(await collect(moved.body), sample.subarray(1_000, 3_000_000)));
  const whole = await at.client.fetchRange({ url: `${web.base}/whole`, first: 0, last: 99 });
  assert.ok(equalBytes(await collect(whole.body), sample.subarray(0, 100)));
});

Deno.test("a web seed that has no ranges, refuses or redirects for ever is an error", async () => {
  using at = startGate();
  await using web = serveFile(sample);
  const fetch = (path: string, first = 5, last = 10) =>
    at.client.fetchRange({ url: `${web.base}${path}`, first, last });
  await assert.rejects(fetch("/whole"), { code: "RANGES_UNSUPPORTED" });
  await assert.rejects(fetch("/file", sample.length, sample.length), { code: "HTTP_STATUS" });
  const before = web.requests.length;
  await assert.rejects(fetch("/loop"), { code: "BAD_RESPONSE", message: /redirects/ });
  assert.equal(web.requests.length - before, 6);
  await assert.rejects(fetch("/to?url=ftp://example.org/"), { code: "BAD_URL" });
  await assert.rejects(fetch("/to?url=http://169.254.169.254/x"), { code: "ADDRESS_REFUSED" });
  const aborting = new AbortController();
  aborting.abort(new Error("enough"));
  const order = { url: `${web.base}/file`, first: 0, last: 1 };
  await assert.rejects(at.client.fetchRange(order, aborting.signal), { message: "enough" });
});

Deno.test("datagrams pass in both directions over a socket of IPv6 beside one of IPv4", async () => {
  using at = startGate();
  const socket = at.client.udp().bind(0);
  await once(socket, "listening");
  const other = at.client.udp();
  const refused = once(other.bind(0), "error");
  assert.equal((await refused)[0].code, "TOO_MANY_CHANNELS", "one socket for a port");
  const { createSocket } = await import("node:dgram");
  const ipv4 = createSocket("udp4");
  ipv4.bind(socket.address().port, "127.0.0.1");
  await once(ipv4, "listening");
  const peer = createSocket("udp6");
  peer.bind(0, "::1");
  await once(peer, "listening");
  peer.on("message", (bytes, from) => peer.send(bytes, from.port, from.address));
  const echoed: string[] = [];
  socket.on("message", (bytes: Uint8Array, from: { address: string; port: number }) => {
    assert.deepEqual([from.address, from.port], ["::1", peer.address().port]);
    echoed.push(new TextDecoder().decode(bytes));
  });
  await eventually(() => {
    for (let i = 0; i < 20; i++) {
      const bytes = utf8(`xx${i}`);
      socket.send(bytes, 2, bytes.length - 2, peer.address().port, "::1");
    }
    return new Set(echoed).size === 20;
  }, "all datagrams come back");
  socket.close();
  ipv4.close();
  peer.close();
});

const loopback = [{ name: "lo", family: "IPv4", address: "127.0.0.1", cidr: "127.0.0.1/8" }];

Deno.test("two programs of one network hear each other's announcements, and not their own", async () => {
  const interfaces = loopback as Deno.NetworkInterfaceInfo[];
  using one = startGate({ interfaces });
  using two = startGate({ interfaces });
  const heard: HeardPeer[][] = [[], []];
  const first = one.client.discover(7_001, (peers) => heard[0]!.push(...peers));
  const second = two.client.discover(7_002, (peers) => heard[1]!.push(...peers));
  const other = "f".repeat(40);
  assert.deepEqual(await first.announce([INFO_HASH, other]), { sent: 2, skipped: 0 });
  await second.announce([INFO_HASH]);
  await eventually(() => heard[0]!.length > 0, "the first hears the second's only announcement");
  await first.announce([INFO_HASH, other]);
  await eventually(() => heard[1]!.length > 0, "the second hears the first");
  const peer = (port: number) => ({ infoHashHex: INFO_HASH, host: "127.0.0.1", port });
  for (const one of heard[0]!) assert.deepEqual(one, peer(7_002));
  for (const one of heard[1]!) assert.deepEqual(one, peer(7_001));
  first.close();
  second.close();
});

Deno.test("a neighbour that dials by uTP is refused and reported", async () => {
  using at = startGate({ interfaces: loopback as Deno.NetworkInterfaceInfo[] });
  const ours = await freePort();
  const heard: HeardPeer[] = [];
  const discovery = at.client.discover(ours, (peers) => heard.push(...peers), () => {}, true);
  await discovery.announce([INFO_HASH]);
  const utp = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = utp.addr as Deno.NetAddr;
  const to = { transport: "udp", hostname: "127.0.0.1", port: ours } as const;
  const [syn, state] = [0x41, 0x21].map((type) =>
    Uint8Array.of(type, 0, 0x12, 0x34, ...new Uint8Array(12), 0, 1, 0, 0)
  );
  const answer = utp.receive();
  let isAnswered = false;
  void answer.then(() => isAnswered = true);
  await eventually(async () => {
    // An ST_STATE gets no answer. The gate may not have bound its port yet.
    for (const packet of [state!, syn!]) await utp.send(packet, to);
    return isAnswered;
  }, "an ST_RESET");
  assert.deepEqual([...(await answer)[0]].slice(0, 4), [0x31, 0, 0x12, 0x34]);
  await eventually(() => heard.length > 0, "the neighbour is reported");
  assert.deepEqual(heard[0], { infoHashHex: INFO_HASH, host: "127.0.0.1", port });
  utp.close();
  discovery.close();
});

Deno.test("a sender of no network of this machine is not answered", async () => {
  const interfaces = [{ ...loopback[0], address: "127.0.0.1", cidr: "127.0.1.0/24" }];
  using at = startGate({ interfaces: interfaces as Deno.NetworkInterfaceInfo[] });
  const ours = await freePort();
  const heard: HeardPeer[] = [];
  const discovery = at.client.discover(ours, (peers) => heard.push(...peers), () => {}, true);
  await discovery.announce([INFO_HASH]);
  const far = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const near = Deno.listenDatagram({ transport: "udp", hostname: "127.0.1.1", port: 0 });
  const syn = Uint8Array.of(0x41, 0, 0x12, 0x34, ...new Uint8Array(12), 0, 1, 0, 0);
  const to = { transport: "udp", hostname: "127.0.0.1", port: ours } as const;
  await eventually(async () => {
    for (const socket of [far, near]) await socket.send(syn, to);
    return heard.length > 0;
  }, "the neighbour is reported");
  assert.deepEqual(new Set(heard.map(({ host }) => host)), new Set(["127.0.1.1"]));
  for (const socket of [far, near]) socket.close();
  discovery.close();
});

Deno.test("when the gate dies, its sockets fail, and so do later ones", async () => {
  using at = startGate();
  const { port, served } = acceptOne(
    "127.0.0.1",
    async (connection) => void await readAll(connection),
  );
  const socket = at.client.dial({ host: "127.0.0.1", port });
  await once(socket, "connect");
  const failed = codeOf(socket);
  const { GateError } = await import("../../../src/gate/mod.ts");
  at.gate.terminate();
  at.client.fail(new GateError("GATE_DIED", "The gate died"));
  assert.equal(await failed, "GATE_DIED");
  assert.equal(await codeOf(at.client.dial({ host: "127.0.0.1", port })), "GATE_DIED");
  await served.catch(() => {});
});
