/**
 * Spreads the packets of a window over the round trip. Acknowledgements do that by themselves, one for
 * each few packets. After a loss, or when many acknowledgements come at once, the window has room for
 * hundreds of packets. The receiver's system holds some 90 packets (Linux: 208 KiB with overheads)
 * until the program reads them, so a burst would be lost.
 *
 * @module
 */

import type { Congestion } from "./congestion.ts";

/** Number of packets that may be sent at once. */
const BURST_PACKETS = 16;
/** Time whose packets may be sent in one burst, because timers are not more exact than that, µs. */
const BURST_US = 3_000;
/** Rate of sending, as a multiple of a window in each round trip. Slow start doubles the window. */
const SPEED = { slowStart: 2.5, other: 1.25 } as const;

/** The congestion window that is spread. */
type Window = Pick<Congestion, "windowBytes" | "isSlowStart">;

/** A token bucket whose rate follows the window. */
export class Pacer {
  #creditBytes = Infinity;
  #atUs = 0;
  #bytesPerUs = Infinity;
  #burstBytes = Infinity;

  /**
   * Adds what may be sent for the time since the last call.
   *
   * @param rttUs round-trip time; 0 before the first measurement, when nothing is held back
   * @param packetBytes payload of a full packet
   */
  refill(nowUs: number, window: Window, rttUs: number, packetBytes: number): void {
    const { windowBytes, isSlowStart } = window;
    const elapsedUs = nowUs - this.#atUs;
    this.#atUs = nowUs;
    if (rttUs === 0) return;
    this.#bytesPerUs = windowBytes / rttUs * (isSlowStart ? SPEED.slowStart : SPEED.other);
    this.#burstBytes = Math.max(BURST_PACKETS * packetBytes, BURST_US * this.#bytesPerUs);
    const filled = this.#creditBytes + elapsedUs * this.#bytesPerUs;
    this.#creditBytes = Math.min(filled, this.#burstBytes);
  }

  /** Whether a packet may be sent now. */
  get hasCredit(): boolean {
    return this.#creditBytes > 0;
  }

  /** Takes the bytes of a packet that is sent. */
  take(bytes: number): void {
    this.#creditBytes -= bytes;
  }

  /** Time at which half of a burst may be sent. */
  get readyUs(): number {
    return this.#atUs + (this.#burstBytes / 2 - this.#creditBytes) / this.#bytesPerUs;
  }
}
