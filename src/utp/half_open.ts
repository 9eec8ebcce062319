/**
 * Connections that a peer has begun, and that nothing has confirmed: the sender of an `ST_SYN` can be
 * forged. A peer confirms its address with a packet that acknowledges the random sequence number of
 * our answer. Until then, a connection is a few numbers, and no packet but the answer is sent.
 *
 * @module
 */

import { setNewest } from "../base/mod.ts";
import { SEQ_MASK } from "./sequence.ts";

/** Time in which a peer has to confirm a connection, in microseconds. */
const CONFIRM_US = 10_000_000;
/**
 * Number of wrong acknowledgements after which a connection is forgotten. There are 65,536 sequence
 * numbers, so a sender with a forged address could try them all. A peer that receives our answer
 * sends a wrong acknowledgement only in a packet of an earlier connection.
 */
const MAX_WRONG = 8;

/** A connection that a peer has begun. */
export interface HalfOpen {
  /** Sequence numbers of the peer's `ST_SYN` and of our answer. */
  peerSeq: number;
  ourSeq: number;
  sinceUs: number;
  /** Number of packets that acknowledged something else. */
  wrong: number;
}

/** The half-open connections of an endpoint, the oldest first. */
export class HalfOpenTable {
  readonly #entries = new Map<string, HalfOpen>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** Number of half-open connections. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Returns the entry for an `ST_SYN`, which is a new one unless the same `ST_SYN` came before. The
   * oldest entry gives way to a new one.
   *
   * @param ourSeq sequence number for the answer, if the entry is new
   */
  begin(key: string, peerSeq: number, ourSeq: number, nowUs: number): HalfOpen {
    const known = this.#entries.get(key);
    if (known?.peerSeq === peerSeq) return known;
    const entry = { peerSeq, ourSeq, sinceUs: nowUs, wrong: 0 };
    setNewest(this.#entries, key, entry, this.#max);
    return entry;
  }

  /** Whether there is an entry, whether or not its time has passed. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /**
   * Removes and returns the entry that a packet confirms; `undefined` if it confirms none. An entry is
   * removed, too, after eight packets that did not confirm it.
   *
   * @param ack the packet's acknowledgement
   */
  confirm(key: string, ack: number, nowUs: number): HalfOpen | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (((entry.ourSeq - 1) & SEQ_MASK) !== ack) {
      if (++entry.wrong >= MAX_WRONG) this.#entries.delete(key);
      return undefined;
    }
    this.#entries.delete(key);
    return nowUs - entry.sinceUs <= CONFIRM_US ? entry : undefined;
  }

  /** Removes the entries whose time has passed. */
  expire(nowUs: number): void {
    for (const [key, { sinceUs }] of this.#entries) {
      if (nowUs - sinceUs <= CONFIRM_US) return;
      this.#entries.delete(key);
    }
  }
}
