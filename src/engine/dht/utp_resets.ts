/**
 * Makes the ST_RESETs that answer uTP packets (BEP 29) of no connection, within limits. With the
 * transport `tcp`, these are all packets: a peer that tries uTP first at the port of our TCP
 * listener is refused at once and uses TCP, while silence would cost it seconds. `utp_packets.ts`
 * sends the ST_RESETs.
 *
 * @module
 */

import { resetFor } from "../../base/mod.ts";
import { QueryLimiter, type QueryLimits } from "./query_limiter.ts";

/**
 * Limits on ST_RESETs. The sender of a packet can be forged, so they are stricter than those of
 * queries: a peer that gets one ST_RESET does not try uTP again, and 50 resets of 20 bytes a second
 * are 1 kB.
 */
const RESET_LIMITS: QueryLimits = {
  node: { burst: 4, perSecond: 0.5 },
  address: { burst: 16, perSecond: 2 },
  all: { burst: 200, perSecond: 50 },
  remembered: 1_024,
  knownForMs: 0,
};

/** Decides which uTP packets are answered with an ST_RESET. */
export class UtpResets {
  readonly #now: () => number;
  readonly #limiter: QueryLimiter;

  /** @param now returns the time in milliseconds, from any starting point */
  constructor(now: () => number) {
    this.#now = now;
    this.#limiter = new QueryLimiter(now, RESET_LIMITS);
  }

  /**
   * Returns the ST_RESET, 20 bytes, that answers a packet; `malformed` if the packet is no
   * well-formed ST_SYN or ST_DATA, `limited` if the sender or all senders together have got enough
   * resets.
   */
  answer(packet: Uint8Array, address: string, port: number): Uint8Array | "malformed" | "limited" {
    const reset = resetFor(packet, this.#now());
    if (!reset) return "malformed";
    return this.#limiter.admits(address, port) ? reset : "limited";
  }
}
