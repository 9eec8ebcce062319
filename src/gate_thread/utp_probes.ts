/**
 * The channel that finds out whether neighbours speak uTP (BEP 29). The asking thread names addresses
 * from which an ST_SYN came to its UDP port, and to which it may not send. The gate does not take its
 * word: it sends an ST_SYN of its own, and tells the asking thread which neighbours acknowledge it.
 *
 * Such a neighbour may be dialled from then on, as one that has announced itself: a program has TCP
 * and uTP at ports of one number. The asking thread chooses none of the bytes that are sent.
 *
 * @module
 */

import { type Clock, formatAddress, parseAddress, TokenBucket } from "../base/mod.ts";
import type { UdpRules } from "./datagrams.ts";
import type { Policy } from "./policy.ts";
import type { Packet } from "./protocol.ts";
import { bindUdp } from "./udp_sockets.ts";

/** Rate limit of all ST_SYNs. It takes 35 hours to ask at every port of one host. */
const RATE = { burst: 8, perSecond: 0.5 };
/** Time within which an ST_SYN is to be acknowledged (ms). A round trip in a home takes a few. */
const PATIENCE_MS = 3_000;
/** Length of a uTP header without extensions, bytes. */
const HEADER_BYTES = 20;
/** The first byte of a uTP packet: the type in the upper four bits, version 1 in the lower four. */
const [ST_STATE, ST_RESET, ST_SYN] = [0x21, 0x31, 0x41];

/** An ST_SYN that was sent. */
interface Probe {
  connectionId: number;
  seq: number;
  sentMs: number;
}

/** Binds a socket of IPv4. Unique local addresses of IPv6 are not asked. */
export function openProbes(policy: Policy, clock: Clock): UdpRules {
  const socket = bindUdp(policy.sendsFrom("IPv4") ?? "0.0.0.0", 0);
  const rate = new TokenBucket(RATE, clock.now());
  /** The ST_SYNs of the last seconds by address and port, the oldest first. */
  const probes = new Map<string, Probe>();
  const forgetOld = () => {
    for (const [key, { sentMs }] of probes) {
      if (Math.abs(clock.now() - sentMs) > PATIENCE_MS) probes.delete(key);
    }
  };
  return {
    port: 0,
    sockets: [socket],
    async send({ host, port }) {
      const address = parseAddress(host);
      if (!address || !policy.mayProbe(address, port)) return;
      forgetOld();
      const to = { host: formatAddress(address), port };
      const key = keyOf(to);
      if (probes.has(key) || !rate.take(clock.now())) return;
      const [connectionId, seq] = crypto.getRandomValues(new Uint16Array(2));
      const probe = { connectionId: connectionId!, seq: seq!, sentMs: clock.now() };
      probes.set(key, probe);
      await socket.send({ ...to, bytes: packet(ST_SYN, probe.connectionId, probe.seq, 0) });
    },
    accepts({ host, port, bytes }) {
      forgetOld();
      const key = keyOf({ host, port });
      const probe = probes.get(key);
      const address = parseAddress(host);
      if (!probe || !address || !acknowledges(bytes, probe)) return false;
      probes.delete(key);
      // The neighbour has begun a connection, which nobody needs.
      const { connectionId, seq } = probe;
      const theirs = new DataView(bytes.buffer).getUint16(16);
      const reset = packet(ST_RESET, connectionId + 1, seq + 1, theirs - 1);
      void socket.send({ host, port, bytes: reset });
      return policy.noteNeighbour(address, port);
    },
  };
}

/** Makes a packet without a payload; numbers are taken modulo 2^16. */
function packet(
  type: number,
  connectionId: number,
  seq: number,
  ack: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes[0] = type;
  view.setUint16(2, connectionId);
  view.setUint16(16, seq);
  view.setUint16(18, ack);
  return bytes;
}

/** Whether a datagram is the ST_STATE that acknowledges an ST_SYN: it repeats both random numbers. */
function acknowledges(bytes: Packet["bytes"], { connectionId, seq }: Probe): boolean {
  if (bytes.length < HEADER_BYTES || bytes[0] !== ST_STATE) return false;
  const view = new DataView(bytes.buffer);
  return view.getUint16(2) === connectionId && view.getUint16(18) === seq;
}

function keyOf({ host, port }: Pick<Packet, "host" | "port">): string {
  return `${host} ${port}`;
}
