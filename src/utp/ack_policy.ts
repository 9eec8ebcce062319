/**
 * Decides which received packets are acknowledged at once. Each acknowledgement costs a call of the
 * system at both ends, and sets the pace of the sender.
 *
 * @module
 */

import type { Taken } from "./incoming.ts";

/** Number of packets that one acknowledgement covers, at first and of a bulk transfer. */
const ACK_EVERY = { first: 2, bulk: 4 } as const;
/** Number of received packets from which on a transfer counts as bulk. */
const BULK_PACKETS = 128;
/** Number of packets at the start that are acknowledged at once, because the peer's window is small. */
const QUICK_ACKS = 16;
/**
 * Number of packets after a missing one that are acknowledged at once. The peer finds a loss by three;
 * from then on, each selective acknowledgement tells all.
 */
const EARLY_ACKS = 8;

/** The acknowledgements of one connection. */
export class AckPolicy {
  #received = 0;
  #early = 0;
  #unacknowledged = 0;

  /**
   * Notes a received packet.
   *
   * @param hasGap whether packets are missing before one that has come
   * @returns whether it is acknowledged at once; if not, it is acknowledged with a later one
   */
  received(taken: Taken, isFin: boolean, hasGap: boolean): boolean {
    this.#received++;
    if (taken === "dropped") return false;
    this.#unacknowledged++;
    if (taken === "repeated" || isFin || this.#received <= QUICK_ACKS) return true;
    const hadGap = this.#early > 0;
    if (taken === "early") this.#early++;
    else if (!hasGap) this.#early = 0;
    // A packet that fills a gap lets the peer go on.
    if (taken === "in order" ? hadGap : this.#early <= EARLY_ACKS) return true;
    const every = this.#received > BULK_PACKETS ? ACK_EVERY.bulk : ACK_EVERY.first;
    return this.#unacknowledged >= every;
  }

  /** Notes that everything has been acknowledged. */
  acknowledged(): void {
    this.#unacknowledged = 0;
  }
}
