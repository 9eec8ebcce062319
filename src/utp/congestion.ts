/**
 * Congestion control: LEDBAT (RFC 6817) with slow start, and three changes of LEDBAT++
 * (draft-irtf-iccrg-ledbat-plus-plus). In RFC 6817 a window grows and shrinks by the same number of
 * bytes whatever its size, so two streams keep the shares that they had at first; and a stream that
 * begins on a full queue takes that queue for the length of the path. Therefore:
 *
 * - the window grows by a constant, and shrinks in proportion to itself, the faster the longer the
 *   queue: shares become even
 * - slow start ends at half of the target delay
 * - a stream sends less for two round trips now and then (a pause), so that the queue drains and the
 *   base delay is measured
 *
 * @module
 */

import { MAX_FLIGHT_BYTES } from "./limits.ts";
import { LowestQueue } from "./lowest_queue.ts";

/** Queueing delay that the control aims for, in microseconds (BEP 29, RFC 6817). */
const TARGET_US = 100_000;
/** Queueing delay at which slow start ends. Its window doubles before the delay is seen. */
const SLOW_START_END_US = TARGET_US / 2;
/** Smallest window, in packets. */
const MIN_PACKETS = 2;
/** First window, in packets: enough for the handshakes of BitTorrent (RFC 6928 allows ten). */
const FIRST_PACKETS = 10;
/**
 * Share of the window that is left after a loss, and after a loss while the queue is empty. A loss
 * with an empty queue comes from a short queue or a busy receiver (RFC 9438 leaves the same share).
 */
const AFTER_LOSS = { other: 0.5, emptyQueue: 0.7 } as const;
/**
 * Share of the window by which it shrinks in a round trip while the queueing delay is at the
 * target. A window of five packets neither grows nor shrinks there.
 */
const DECREASE_AT_TARGET = 0.2;
/**
 * Exponent of the decrease: for each target delay by which the queue is longer, the window shrinks
 * e^9.5 times as fast. Windows of 5 and of 1,500 packets come to rest at queues of 100 and of 40
 * ms. A steeper decrease would give unequal shares to streams whose measured base delays differ by
 * some milliseconds.
 */
const STEEPNESS = 9.5;
/** Maximum share of the window by which it shrinks in one round trip. */
const MAX_DECREASE = 0.5;
/** Round trips that a pause lasts. */
const PAUSE_ROUND_TRIPS = 2;
/**
 * Share of what fits on the path without a queue (bandwidth-delay product) that is in flight during
 * a pause.
 */
const PAUSED_SHARE = 0.5;
/**
 * Share of its queue that a stream returns to after a pause. The larger of two streams gives up
 * more, so their shares become even faster than by growth alone. The packets that fit on the path
 * without a queue are not given up, so that the line stays busy.
 */
const QUEUE_AFTER_PAUSE = 0.3;
/** Time from the end of a pause to the next one, as a multiple of the pause's length. */
const PAUSE_EVERY = 19;
/** Shortest time between two pauses, in microseconds. */
const MIN_BETWEEN_US = 10_000_000;
/**
 * Queueing delay that shows that the queue has been empty lately, so that no pause is needed to
 * measure the base delay, in microseconds.
 */
const EMPTY_QUEUE_US = TARGET_US / 8;
/**
 * Number of round trips with an empty queue and no loss after which growth speeds up, with the
 * square of the further round trips. At one packet in each round trip, filling a long path would
 * take a minute. All streams of a path speed up in the same way, so their shares stay even.
 */
const SPEED_UP_AFTER = 2;
/** Minimum time that counts as a round trip for {@linkcode SPEED_UP_AFTER} (µs). */
const SPEED_UP_ROUND_US = 20_000;
/** Maximum share of the window by which it grows in one round trip. */
const MAX_GROWTH = 1 / 8;

/** An acknowledgement, as the congestion window needs it. */
export interface Acked {
  /** Number of payload bytes that are newly acknowledged. */
  bytes: number;
  /** Queueing delay in microseconds. */
  queueUs: number;
  /** Round-trip time now, and the lowest one, in microseconds. */
  rttUs: number;
  lowestRttUs: number;
  nowUs: number;
  /** Payload of a full packet, in bytes. */
  packetBytes: number;
  /** Whether the window, and not a lack of data, kept packets back. */
  isLimited: boolean;
}

/** The congestion window of one connection. */
export class Congestion {
  /** Size of the window in bytes of payload. */
  windowBytes: number;
  #packetBytes: number;
  /** Window above which slow start ends, in bytes. */
  #slowUntil = Infinity;
  #isSlowStart = true;
  /** Whether slow start has ended once, so that the connection has used its path fully. */
  #hasMeasured = false;
  #pauseAtUs = Infinity;
  /** Begin and end of the running pause; the window to return to is in `#slowUntil`. */
  #pausedAtUs = 0;
  #pausedUntilUs = 0;
  #rttBeforePauseUs = 0;
  /** Whether slow start after a pause is still under way. */
  #isReturning = false;
  readonly #lowestQueue = new LowestQueue();
  /** Time since when the queue has been empty, and nothing was lost. */
  #clearSinceUs = 0;

  constructor(packetBytes: number) {
    this.#packetBytes = packetBytes;
    this.windowBytes = FIRST_PACKETS * packetBytes;
  }

  get isSlowStart(): boolean {
    return this.#isSlowStart;
  }

  /** Whether the queue has been empty lately. */
  get #isQueueEmpty(): boolean {
    return this.#lowestQueue.us < EMPTY_QUEUE_US;
  }

  acked(acked: Acked): void {
    const { nowUs, queueUs, rttUs, packetBytes } = acked;
    this.#packetBytes = packetBytes;
    this.#lowestQueue.add(queueUs, nowUs, rttUs);
    if (!this.#isQueueEmpty || this.#isSlowStart) this.#clearSinceUs = nowUs;
    if (this.#pausedUntilUs > 0) {
      if (nowUs < this.#pausedUntilUs) return;
      this.#resume(acked);
    }
    if (queueUs < EMPTY_QUEUE_US && !this.#isSlowStart) this.#planPause(nowUs, 0);
    if (this.#isSlowStart) this.#slowStart(acked);
    else this.#avoid(acked);
    this.#clamp();
    if (nowUs >= this.#pauseAtUs && !this.#isSlowStart) this.#pause(acked);
  }

  #slowStart({ bytes, queueUs, nowUs, rttUs, isLimited }: Acked): void {
    if (queueUs > SLOW_START_END_US || this.windowBytes >= this.#slowUntil) {
      this.#isSlowStart = false;
      // Before the first pause there is only time for the queue of slow start to settle.
      if (!this.#hasMeasured) this.#pauseAtUs = nowUs + 2 * PAUSE_ROUND_TRIPS * rttUs;
      else if (this.#isReturning) this.#planPause(nowUs, nowUs - this.#pausedAtUs);
      this.#hasMeasured = true;
      this.#isReturning = false;
    } else if (isLimited) this.windowBytes += bytes;
  }

  /**
   * Congestion avoidance: grows by a packet a round trip, or faster while the queue stays empty, and
   * shrinks the faster the longer the queue.
   */
  #avoid({ bytes, queueUs, isLimited, nowUs, rttUs }: Acked): void {
    const growth = isLimited ? this.#growth(nowUs, rttUs) : 0;
    const share = DECREASE_AT_TARGET * Math.exp(STEEPNESS * (queueUs / TARGET_US - 1));
    const decrease = this.windowBytes * Math.min(share, MAX_DECREASE);
    this.windowBytes += (growth - decrease) * Math.min(bytes / this.windowBytes, 1);
  }

  /** Bytes by which a round trip grows the window. */
  #growth(nowUs: number, rttUs: number): number {
    const rounds = (nowUs - this.#clearSinceUs) / Math.max(rttUs, SPEED_UP_ROUND_US);
    const faster = 1 + Math.max(rounds - SPEED_UP_AFTER, 0) ** 2 / 2;
    return Math.max(
      this.#packetBytes,
      Math.min(this.#packetBytes * faster, this.windowBytes * MAX_GROWTH),
    );
  }

  #planPause(nowUs: number, lastedUs: number): void {
    this.#pauseAtUs = nowUs + Math.max(lastedUs * PAUSE_EVERY, MIN_BETWEEN_US);
  }

  #pause({ nowUs, rttUs, lowestRttUs }: Acked): void {
    this.#slowUntil = this.windowBytes;
    this.#rttBeforePauseUs = rttUs;
    this.#pausedAtUs = nowUs;
    this.#pausedUntilUs = nowUs + PAUSE_ROUND_TRIPS * rttUs;
    this.#pauseAtUs = Infinity;
    this.windowBytes *= PAUSED_SHARE * Math.min(lowestRttUs / rttUs, 1);
    this.#clamp();
  }

  /** Returns to the window before the pause, with a shorter queue. */
  #resume({ lowestRttUs }: Acked): void {
    this.#pausedUntilUs = 0;
    this.#isSlowStart = this.#isReturning = true;
    // The pause may have shown that the path is shorter than it seemed.
    const path = Math.min(lowestRttUs / this.#rttBeforePauseUs, 1);
    this.#slowUntil *= path + (1 - path) * QUEUE_AFTER_PAUSE;
  }

  /** Called once for the losses of a round trip. */
  lost(nowUs: number): void {
    const before = this.#pausedUntilUs > 0 ? this.#slowUntil : this.windowBytes;
    this.#slowUntil = before * AFTER_LOSS[this.#isQueueEmpty ? "emptyQueue" : "other"];
    this.#clearSinceUs = nowUs;
    if (this.#pausedUntilUs > 0) return;
    this.windowBytes = this.#slowUntil;
    this.#isSlowStart = this.#isReturning = false;
    this.#hasMeasured = true;
    if (this.#pauseAtUs === Infinity) this.#planPause(nowUs, 0);
    this.#clamp();
  }

  /** Called when nothing was acknowledged for the retransmission timeout. */
  timedOut(): void {
    this.#slowUntil = Math.max(this.windowBytes / 2, MIN_PACKETS * this.#packetBytes);
    this.windowBytes = this.#packetBytes;
    this.#pausedUntilUs = 0;
    this.#isSlowStart = true;
  }

  #clamp(): void {
    const least = MIN_PACKETS * this.#packetBytes;
    this.windowBytes = Math.min(Math.max(this.windowBytes, least), MAX_FLIGHT_BYTES);
  }
}
