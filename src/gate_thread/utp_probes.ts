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

import { type Address, type Clock, formatAddress, parseAddress, TokenBucket } from "../base/mod.ts";
import type { UdpRules } from "./datagrams.ts";
import { Refusal } from "./errors.ts";
import type { Interface, Policy } from "./policy.ts";
import type { Packet } from "./protocol.ts";
import { bindUdp, type UdpSocket } from "./udp_sockets.ts";

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

/** Binds a socket of each family that our networks have. Throws if one cannot be bound. */
export function openProbes(policy: Policy, clock: Clock): UdpRules {
  const bound = bindAll(policy);
  const sendTo = (address: Address, datagram: Packet) =>
    bound.get(address.length === 4 ? "IPv4" : "IPv6")?.send(datagram);
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
    sockets: [...bound.values()],
    async send({ host, port }) {
      const address = parseAddress(host);
      if (!address || !policy.mayProbe(address, port)) return;
      forgetOld();
      const to = { host: formatAddress(address), port };
      const key = keyOf(address, port);
      if (probes.has(key) || !rate.take(clock.now())) return;
      const [connectionId, seq] = crypto.getRandomValues(new Uint16Array(2));
      const probe = { connectionId: connectionId!, seq: seq!, sentMs: clock.now() };
      probes.set(key, probe);
      await sendTo(address, { ...to, bytes: packet(ST_SYN, probe.connectionId, probe.seq, 0) });
    },
    accepts({ host, port, bytes }) {
      forgetOld();
      const address = parseAddress(host);
      const key = address && keyOf(address, port);
      const probe = key === undefined ? undefined : probes.get(key);
      if (!key || !probe || !acknowledges(bytes, probe)) return false;
      probes.delete(key);
      // The neighbour has begun a connection, which nobody needs.
      const { connectionId, seq } = probe;
      const theirs = new DataView(bytes.buffer).getUint16(16);
      const reset = packet(ST_RESET, connectionId + 1, seq + 1, theirs - 1);
      void sendTo(address, { host, port, bytes: reset });
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

function keyOf(address: Address, port: number): string {
  return `${formatAddress(address)} ${port}`;
}

function bindAll(policy: Policy): Map<Interface["family"], UdpSocket> {
  const bound = new Map<Interface["family"], UdpSocket>();
  try {
    for (const family of new Set(policy.interfaces.map(({ family }) => family))) {
      const any = family === "IPv6" ? "::" : "0.0.0.0";
      bound.set(family, bindUdp(policy.sendsFrom(family) ?? any, 0));
    }
  } catch (error) {
    for (const socket of bound.values()) socket.close();
    throw error;
  }
  if (bound.size > 0) return bound;
  throw new Refusal("EADDRNOTAVAIL", "This machine has no network whose machines can be asked");
}
