/**
 * The uTP packets (BEP 29) on the DHT's UDP socket. The uTP endpoint (`../transport`) gets them. A
 * packet of no connection is answered with a rate-limited ST_RESET, and the rate at which strangers
 * begin connections is limited, because the sender of a packet can be forged.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { UtpPort, UtpTraffic } from "../transport/mod.ts";
import { QueryLimiter, type QueryLimits } from "./query_limiter.ts";
import { UtpResets } from "./utp_resets.ts";

/**
 * Limits on connections that others begin. One program begins a few, and many programs may be
 * behind one NAT. The answers to 200 a second are 4 kB.
 */
const SYN_LIMITS: QueryLimits = {
  node: { burst: 16, perSecond: 1 },
  address: { burst: 64, perSecond: 8 },
  all: { burst: 400, perSecond: 200 },
  remembered: 1_024,
  knownForMs: 0,
};

/** The first byte of the packet that begins a connection: its type, and version 1 of uTP. */
const ST_SYN = 0x41;

/** The UDP socket. */
export interface UtpSender {
  /** Sends a packet; returns `false` if it was dropped. */
  sendUtp(bytes: Uint8Array, host: string, port: number): boolean;
}

/** The uTP side of a UDP socket. */
export class UtpPackets implements UtpPort {
  readonly traffic: UtpTraffic = { packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0 };
  receiver: UtpPort["receiver"];
  /** Called with the sender of each ST_SYN that is within the limits. */
  onSyn: (host: string, port: number) => void = () => {};
  readonly #resets: UtpResets;
  readonly #limiter: QueryLimiter;
  readonly #socket: UtpSender;

  constructor(clock: Clock, socket: UtpSender) {
    this.#resets = new UtpResets(() => clock.now());
    this.#limiter = new QueryLimiter(() => clock.now(), SYN_LIMITS);
    this.#socket = socket;
  }

  send(bytes: Uint8Array, host: string, port: number): void {
    if (!this.#socket.sendUtp(bytes, host, port)) return;
    this.traffic.packetsOut++;
    this.traffic.bytesOut += bytes.length;
  }

  admits(host: string, port: number): boolean {
    return this.#limiter.admits(host, port);
  }

  /** Takes a received uTP packet, or returns the reason for dropping it. */
  take(bytes: Uint8Array, host: string, port: number): "malformed" | "limited" | undefined {
    this.traffic.packetsIn++;
    this.traffic.bytesIn += bytes.length;
    const refused = this.#pass(bytes, host, port);
    if (!refused && bytes[0] === ST_SYN) this.onSyn(host, port);
    return refused;
  }

  #pass(bytes: Uint8Array, host: string, port: number): "malformed" | "limited" | undefined {
    const taken = this.receiver?.(bytes, host, port) ?? "unknown";
    if (taken === "taken") return undefined;
    if (taken !== "unknown") return taken;
    const reset = this.#resets.answer(bytes, host, port);
    if (typeof reset === "string") return reset;
    this.send(reset, host, port);
    return undefined;
  }
}
