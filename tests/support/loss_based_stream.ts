/**
 * A stream of the simulated network that is controlled by loss alone, as TCP is (Reno, RFC 5681): its
 * window doubles at first, then grows by a packet a round trip, and is halved by each loss.
 *
 * @module
 */

import type { FakeClock } from "./fake_clock.ts";
import type { SimulatedLink } from "./utp_network.ts";

const PACKET_BYTES = 1_472;
/** Number of later packets whose arrival shows a loss. */
const REORDERED = 3;

/** Sends without end over a link, and gets acknowledgements over another. */
export class LossBasedStream {
  /** Number of bytes that have arrived. */
  arrivedBytes = 0;
  readonly #clock: FakeClock;
  readonly #link: SimulatedLink;
  readonly #back: SimulatedLink;
  #window = 10;
  #isSlowStart = true;
  #next = 0;
  #recoverUntil = 0;
  #lastAckMs: number;
  #isStopped = false;
  /** Numbers of packets that are neither acknowledged nor lost. */
  readonly #flight = new Set<number>();

  constructor(clock: FakeClock, link: SimulatedLink, back: SimulatedLink) {
    this.#clock = clock;
    this.#link = link;
    this.#back = back;
    this.#lastAckMs = clock.now();
    this.#send();
    this.#watch();
  }

  /** Sends nothing more. */
  stop(): void {
    this.#isStopped = true;
  }

  #send(): void {
    while (!this.#isStopped && this.#flight.size < this.#window) {
      const number = this.#next++;
      this.#flight.add(number);
      this.#link.send(PACKET_BYTES, () => {
        this.arrivedBytes += PACKET_BYTES;
        this.#back.send(40, () => this.#acknowledged(number));
      });
    }
  }

  #acknowledged(number: number): void {
    this.#lastAckMs = this.#clock.now();
    if (this.#flight.delete(number)) this.#window += this.#isSlowStart ? 1 : 1 / this.#window;
    for (const sent of this.#flight) {
      if (sent > number - REORDERED) break;
      this.#flight.delete(sent);
      this.#lost(sent);
    }
    this.#send();
  }

  #lost(number: number): void {
    if (number < this.#recoverUntil) return;
    this.#recoverUntil = this.#next;
    this.#window = Math.max(this.#window / 2, 2);
    this.#isSlowStart = false;
  }

  /** Begins again after a second without an acknowledgement. */
  #watch(): void {
    if (this.#isStopped) return;
    this.#clock.after(1_000, () => {
      if (this.#clock.now() - this.#lastAckMs >= 1_000) {
        this.#flight.clear();
        this.#window = 2;
        this.#send();
      }
      this.#watch();
    });
  }
}
