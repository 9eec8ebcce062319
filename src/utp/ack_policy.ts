/**
 * Decides which received packets are acknowledged at once. Each acknowledgement costs a call of the
 * system at both ends, and sets the pace of the sender.
 *
 * @module
 */

import type { Taken } from "./incoming.ts";

/** Number of packets that one acknowledgement covers: at first, and in a bulk transfer. */
const ACK_EVERY = { first: 2, bulk: 4 } as const;
/**
 * Acknowledgements in a bulk transfer whose packets follow each other fast: the maximum number of
 * packets that one covers, and the time for which the first packet waits for the others (µs). Our
 * own sender sends bursts of as many packets.
 */
const ACK_TOGETHER = { packets: 16, waitUs: 1_500 } as const;
/** Longest time that a received packet waits to be acknowledged with later ones, µs. */
const ACK_DELAY_US = { first: 20_000, bulk: 5_000 } as const;
/** Number of received packets from which on a transfer counts as bulk. */
const BULK_PACKETS = 128;
/** Number of packets at the start that are acknowledged at once, because the peer's window is small. */
const QUICK_ACKS = 16;
/**
 * Number of packets after a missing one that are acknowledged at once. The peer detects the loss by
 * three of these acknowledgements; from then on, any later selective acknowledgement says
 * everything.
 */
const EARLY_ACKS = 8;

/** The acknowledgements of one connection. */
export class AckPolicy {
  #received = 0;
  #early = 0;
  #unacknowledged = 0;
  /** Time of the first packet that is not acknowledged. */
  #sinceUs = 0;

  /**
   * Notes a received packet.
   *
   * @param hasGap whether packets are missing before one that has come
   * @returns whether it is acknowledged at once; if not, it is acknowledged with a later one
   */
  received(taken: Taken, isFin: boolean, hasGap: boolean, nowUs: number): boolean {
    this.#received++;
    if (taken === "dropped") return false;
    if (this.#unacknowledged++ === 0) this.#sinceUs = nowUs;
    if (taken === "repeated" || isFin || this.#received <= QUICK_ACKS) return true;
    const hadGap = this.#early > 0;
    if (taken === "early") this.#early++;
    else if (!hasGap) this.#early = 0;
    // A packet that fills a gap lets the peer go on.
    if (taken === "in order" ? hadGap : this.#early <= EARLY_ACKS) return true;
    if (!this.#isBulk) return this.#unacknowledged >= ACK_EVERY.first;
    return this.#unacknowledged >= ACK_TOGETHER.packets ||
      (this.#unacknowledged >= ACK_EVERY.bulk && nowUs - this.#sinceUs >= ACK_TOGETHER.waitUs);
  }

  /** Longest time that the last received packet waits to be acknowledged, in microseconds. */
  get delayUs(): number {
    return this.#isBulk ? ACK_DELAY_US.bulk : ACK_DELAY_US.first;
  }

  get #isBulk(): boolean {
    return this.#received > BULK_PACKETS;
  }

  /** Notes that everything has been acknowledged. */
  acknowledged(): void {
    this.#unacknowledged = 0;
  }
}
