/**
 * Finds the largest datagram that a path carries (RFC 4821, in small). The probes are usual packets
 * with padding, so that a lost probe is sent again without the padding, at a size that every path
 * carries.
 *
 * Deno has no option for the flag "don't fragment". On Linux the system sets it by itself on UDP
 * packets, until a router reports a smaller size; then the system fragments larger packets. Other
 * systems fragment at once, and every probe arrives. In each case, a size is used only after a packet
 * of that size has been acknowledged.
 *
 * @module
 */

import { MIN_PADDING_BYTES } from "./packet.ts";

/**
 * Size of a datagram, in bytes, that every path carries: the smallest MTU of IPv6 (1,280) without
 * headers of IPv6 and UDP.
 */
export const SAFE_DATAGRAM_BYTES = 1_232;
/** An Ethernet frame (1,500) without headers of IPv4 or IPv6, and UDP. */
const CEILING_BYTES = { 4: 1_472, 6: 1_452 } as const;
/** Difference of sizes at which the search ends, in bytes. */
const CLOSE_BYTES = 16;
/** Number of lost probes of one size that rule the size out. One may be lost for other reasons. */
const MAX_LOST = 2;
/** Number of usual packets between two probes. */
const PAUSE_PACKETS = 16;

/** The search for the largest datagram on the path to one peer. */
export class PathMtu {
  /** Size of the datagrams that are sent now, in bytes. */
  datagramBytes = SAFE_DATAGRAM_BYTES;
  /** Largest size that may still turn out to be carried. */
  #ceiling: number;
  /** Size of the probe that is under way, or of the next one. */
  #probed: number;
  #isUnderWay = false;
  #lost = 0;
  #packets = 0;

  constructor(family: 4 | 6) {
    this.#ceiling = this.#probed = CEILING_BYTES[family];
  }

  /**
   * Returns the number of bytes by which the next packet of `datagramBytes` should be padded; 0 if it
   * should not.
   */
  padding(): number {
    const padding = this.#probed - this.datagramBytes;
    if (this.#isUnderWay || padding < MIN_PADDING_BYTES || ++this.#packets < PAUSE_PACKETS) {
      return 0;
    }
    this.#packets = 0;
    this.#isUnderWay = true;
    return padding;
  }

  /** Called when a probe of a size has been acknowledged. */
  arrived(sizeBytes: number): void {
    if (sizeBytes !== this.#probed) return;
    this.datagramBytes = sizeBytes;
    this.#next();
  }

  /** Called when a probe of a size has been lost. */
  wasLost(sizeBytes: number): void {
    if (sizeBytes !== this.#probed) return;
    this.#isUnderWay = false;
    if (++this.#lost < MAX_LOST) return;
    this.#ceiling = this.#probed - 1;
    this.#next();
  }

  /** Returns to the safe size, when packets keep being lost: the path may have changed. */
  restart(): void {
    if (this.datagramBytes === SAFE_DATAGRAM_BYTES) return;
    this.#ceiling = this.datagramBytes - 1;
    this.datagramBytes = SAFE_DATAGRAM_BYTES;
    this.#next();
  }

  #next(): void {
    this.#isUnderWay = false;
    this.#lost = 0;
    const gap = this.#ceiling - this.datagramBytes;
    this.#probed = gap < CLOSE_BYTES ? 0 : this.datagramBytes + Math.ceil(gap / 2);
  }
}
