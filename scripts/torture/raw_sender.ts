/**
 * Sends DHT packets with forged sender addresses at a given rate through a raw socket, as root in a
 * network namespace. Arguments: target address and port, seconds, packets per second, kind, number
 * of senders. Prints the number of sent packets. Runs on 64-bit Linux only.
 */

import { bencode, type BValue } from "../../src/bencode/mod.ts";

/** Kinds of packets that the flood can consist of. */
export type FloodKind = "queries" | "garbage" | "puts" | "answers" | "utp";

const AF_INET = 2;
const SOCK_RAW = 3;
/** IPPROTO_RAW: protocol number of a raw socket whose packets include the IP header. */
const IPPROTO_RAW = 255;
const [IP_HEADER_BYTES, UDP_HEADER_BYTES] = [20, 8];
const [IOVEC_BYTES, MMSGHDR_BYTES] = [16, 64];
/** Number of packets prepared in advance, and number of packets per system call. */
const [POOL, BATCH] = [8_192, 64];

const libc = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
  sendmmsg: { parameters: ["i32", "pointer", "u32", "i32"], result: "i32" },
});

const noise = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));

function query(q: string, a: Record<string, BValue>): Uint8Array {
  return bencode({ t: "aa", y: "q", q, a: { id: noise(20), ...a } });
}

/** Returns the payload of one packet: a message of the DHT (KRPC), noise, or a packet of uTP. */
function payload(kind: FloodKind, i: number): Uint8Array {
  switch (kind) {
    case "garbage":
      return noise(300);
    case "puts":
      return query("put", {
        token: noise(20),
        k: noise(32),
        sig: noise(64),
        seq: i,
        salt: noise(32),
        v: noise(500),
      });
    case "answers":
      return bencode({ t: noise(2), y: "r", r: { id: noise(20), nodes: noise(26 * 8) } });
    case "utp": {
      // ST_SYN, ST_DATA with a payload, and ST_STATE, with random numbers.
      const [type, lengthBytes] = [[0x41, 20], [0x01, 1_400], [0x21, 20]][i % 3]!;
      const bytes = noise(lengthBytes!);
      bytes.set([type!, 0]);
      return bytes;
    }
    case "queries":
      return [
        () => query("ping", {}),
        () => query("find_node", { target: noise(20) }),
        () => query("get_peers", { info_hash: noise(20) }),
        () => query("get", { target: noise(20) }),
      ][i % 4]!();
  }
}

/**
 * Makes an IPv4 packet with a UDP header (RFC 791, RFC 768). The system fills in the IP checksum;
 * the UDP checksum is omitted.
 */
function packet(from: number, fromPort: number, to: number[], toPort: number, data: Uint8Array) {
  const bytes = new Uint8Array(IP_HEADER_BYTES + UDP_HEADER_BYTES + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(2, bytes.length);
  view.setUint8(8, 64);
  view.setUint8(9, 17);
  view.setUint32(12, from);
  bytes.set(to, 16);
  view.setUint16(20, fromPort);
  view.setUint16(22, toPort);
  view.setUint16(24, UDP_HEADER_BYTES + data.length);
  bytes.set(data, IP_HEADER_BYTES + UDP_HEADER_BYTES);
  return bytes;
}

const addressOf = (bytes: Uint8Array) =>
  Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes as Uint8Array<ArrayBuffer>));

async function main([host, port, seconds, perSecond, kind, senders]: string[]): Promise<void> {
  const to = host!.split(".").map(Number);
  const name = new Uint8Array(16);
  new DataView(name.buffer).setUint16(0, AF_INET, true);
  name.set(to, 4);
  const messages = new Uint8Array(POOL * MMSGHDR_BYTES);
  const vectors = new Uint8Array(POOL * IOVEC_BYTES);
  const [header, vector] = [new DataView(messages.buffer), new DataView(vectors.buffer)];
  const packets: Uint8Array[] = [];
  for (let i = 0; i < POOL; i++) {
    // Forged sender addresses: public addresses from 45.0.0.1 on, in different /24 networks. No
    // packet leaves the namespace.
    const from = 0x2d000001 + i % Number(senders) * 256;
    const data = payload(kind as FloodKind, i);
    const bytes = packet(from, 1_024 + i % 60_000, to, Number(port), data);
    packets.push(bytes);
    vector.setBigUint64(i * IOVEC_BYTES, addressOf(bytes), true);
    vector.setBigUint64(i * IOVEC_BYTES + 8, BigInt(bytes.length), true);
    header.setBigUint64(i * MMSGHDR_BYTES, addressOf(name), true);
    header.setUint32(i * MMSGHDR_BYTES + 8, name.length, true);
    header.setBigUint64(
      i * MMSGHDR_BYTES + 16,
      addressOf(vectors) + BigInt(i * IOVEC_BYTES),
      true,
    );
    header.setBigUint64(i * MMSGHDR_BYTES + 24, 1n, true);
  }
  const socket = libc.symbols.socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
  if (socket < 0) throw new Error("no raw socket: this needs root");
  const base = addressOf(messages);
  const startMs = performance.now();
  let sent = 0;
  let at = 0;
  for (;;) {
    const passedMs = performance.now() - startMs;
    if (passedMs >= Number(seconds) * 1_000) break;
    if (sent >= passedMs / 1_000 * Number(perSecond)) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      continue;
    }
    const first = Deno.UnsafePointer.create(base + BigInt(at * MMSGHDR_BYTES));
    const count = libc.symbols.sendmmsg(socket, first, BATCH, 0);
    if (count < 0) {
      const errno = new Deno.UnsafePointerView(libc.symbols.__errno_location()!).getInt32();
      throw new Error(`the packets could not be sent: errno ${errno}`);
    }
    sent += count;
    at = (at + BATCH) % POOL;
  }
  // Uses the buffers once more, so that they are not garbage-collected while the system reads them.
  if ([...packets, name, messages, vectors].every(({ length }) => length > 0)) console.log(sent);
}

await main(Deno.args);
