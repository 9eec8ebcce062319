/**
 * One side of `utp.ts`, in a process of its own. Arguments:
 *
 *   seed TRANSPORT BYTES           seeds random bytes; prints its port and the infohash
 *   read TRANSPORT PORT INFOHASH   downloads them, after a line on standard input
 *   send API PORT BYTES SIZE       sends datagrams of a size, and no protocol, after a line
 *   receive API                    receives them; prints its port
 *
 * API is `deno`, which our DHT's socket uses, or `dgram`.
 *
 * After the transfer each prints the processor time that it has used since its start line.
 */

import { createSocket } from "node:dgram";
import type { DatagramSocket } from "../../src/engine/dht/datagram_socket.ts";
import { createUdpSocket } from "../../src/engine/dht/udp_socket.ts";
import { TestEngine } from "../../tests/support/engines.ts";
import { sampleTorrent } from "../../tests/support/torrents.ts";
import { tell, waitForGo } from "./program.ts";
import { usage } from "./transfer.ts";

type Transport = "tcp" | "utp";

/** Packets of {@linkcode send} under way. The system's buffer for a socket takes some 90. */
const IN_FLIGHT = 64;
/** Number of datagrams that one answer of {@linkcode receive} covers, as of a uTP transfer. */
const ANSWER_EVERY = 16;

async function cpuSeconds(): Promise<number> {
  return (await usage(Deno.pid)).cpuSeconds;
}

function startEngine(transport: Transport): Promise<TestEngine> {
  return TestEngine.start({ transport, dht: true, encryption: "off" });
}

async function seed(transport: Transport, bytes: number): Promise<void> {
  await using seeder = await startEngine(transport);
  const sample = sampleTorrent(bytes, { seed: 1, pieceBytes: 2 ** 20 });
  await seeder.seed(sample);
  tell({ port: seeder.engine.port, infoHashHex: sample.infoHashHex });
  await waitForGo();
  const before = await cpuSeconds();
  await waitForGo();
  tell({ cpu: await cpuSeconds() - before, packetsOut: seeder.engine.utp?.packetsOut ?? 0 });
  await waitForGo();
}

async function read(transport: Transport, port: number, infoHashHex: string): Promise<void> {
  await using reader = await startEngine(transport);
  tell({ ready: true });
  await waitForGo();
  const before = await cpuSeconds();
  const begin = performance.now();
  await reader.engine.download({
    infoHashHex,
    filePath: reader.path("downloaded"),
    maxBytes: 2 ** 30,
    peers: [{ host: "127.0.0.1", port }],
  });
  const seconds = (performance.now() - begin) / 1_000;
  tell({
    seconds,
    cpu: await cpuSeconds() - before,
    packetsOut: reader.engine.utp?.packetsOut ?? 0,
  });
  await waitForGo();
}

/** Opens a socket on 127.0.0.1, with buffers as short as those of our DHT's socket. */
async function open(api: string): Promise<DatagramSocket> {
  const socket: DatagramSocket = api === "deno" ? createUdpSocket() : createSocket({
    type: "udp4",
    lookup: (address, _options, done) => done(null, address, 4),
  });
  const listening = new Promise((resolve) => socket.once("listening", resolve));
  socket.bind(0, "127.0.0.1");
  await listening;
  socket.setRecvBufferSize?.(4_096);
  return socket;
}

/** Sends datagrams as fast as {@linkcode receive} answers them. */
async function send(api: string, port: number, bytes: number, size: number): Promise<void> {
  const socket = await open(api);
  tell({ ready: true });
  await waitForGo();
  const before = await cpuSeconds();
  const begin = performance.now();
  // The last answer comes only if the number can be divided.
  const count = Math.ceil(bytes / size / ANSWER_EVERY) * ANSWER_EVERY;
  const packet = new Uint8Array(size);
  const none = () => {};
  let answered = 0;
  let sent = 0;
  const done = Promise.withResolvers<void>();
  const more = () => {
    for (; sent < count && sent - answered < IN_FLIGHT; sent++) {
      socket.send(packet, 0, size, port, "127.0.0.1", none);
    }
    if (answered >= count) done.resolve();
  };
  socket.on("message", () => {
    answered += ANSWER_EVERY;
    more();
  });
  more();
  await done.promise;
  tell({ seconds: (performance.now() - begin) / 1_000, cpu: await cpuSeconds() - before });
  socket.close();
}

async function receive(api: string): Promise<void> {
  const socket = await open(api);
  const { port } = socket.address();
  const answer = new Uint8Array(20);
  const none = () => {};
  let came = 0;
  socket.on("message", (_bytes, from) => {
    if (++came % ANSWER_EVERY === 0) socket.send(answer, 0, 20, from.port, "127.0.0.1", none);
  });
  tell({ port });
  await waitForGo();
  const before = await cpuSeconds();
  await waitForGo();
  tell({ cpu: await cpuSeconds() - before });
  socket.close();
}

const [what, first, second, third, fourth] = Deno.args as [string, string, string, string, string];
if (what === "seed") await seed(first as Transport, Number(second));
else if (what === "read") await read(first as Transport, Number(second), third);
else if (what === "send") await send(first, Number(second), Number(third), Number(fourth));
else await receive(first);
Deno.exit(0);
