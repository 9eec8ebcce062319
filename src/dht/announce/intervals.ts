/**
 * The pauses between the announcements of an entry of the schedule. The interval of records follows
 * the churn of the DHT, that of torrents is short, because nodes forget peers soon.
 *
 * @module
 */

import { HolderHalfLife } from "./holder_half_life.ts";

/** Jitter: each interval is randomly lengthened or shortened by up to this share. */
const JITTER = 0.1;
/** Back-off after the first failure. Each further failure doubles the back-off, up to the interval. */
const FIRST_BACKOFF_MS = 60_000;
/** Lifetime of an item on a node after its last put (BEP 44). */
const ITEM_LIFE_MS = 2 * 3_600_000;
/**
 * Maximum interval between announcements of a torrent. Some nodes forget a peer 30 minutes after
 * its last announcement (libtorrent: 45 minutes). This interval plus jitter is below 30 minutes.
 */
const TORRENT_INTERVAL_MS = 26 * 60_000;
/**
 * Interval between announcements of a record, in half-lives of its holders. At the end of the
 * interval 47 % of the holders are left. In a simulated week, a record was without any holder for
 * 0.06 % of the time. An interval of 1 half-life gave 0.03 % at the cost of more packets, and an
 * interval of 1.2 half-lives gave 0.1 %.
 */
const HALF_LIVES = 1.1;
/** Minimum interval between announcements of a record, even under heavy churn. */
const MIN_INTERVAL_MS = 20 * 60_000;

/** Computes intervals and pauses for records and torrents. */
export class Intervals {
  /** Longest interval, milliseconds. */
  longestMs: number;
  /** Half-life of the nodes that hold our records. */
  readonly halfLife: HolderHalfLife = new HolderHalfLife();
  readonly #random: () => number;

  /** @param random returns random numbers from 0 to below 1, for jitter */
  constructor(longestMs: number, random: () => number) {
    this.longestMs = longestMs;
    this.#random = random;
  }

  /** Returns the interval between two successful announcements, without jitter, milliseconds. */
  of(kind: "record" | "torrent"): number {
    if (kind === "torrent") return Math.min(this.longestMs, TORRENT_INTERVAL_MS);
    const byChurnMs = Math.max(this.halfLife.halfLifeMs * HALF_LIVES, MIN_INTERVAL_MS);
    return Math.min(this.longestMs, byChurnMs);
  }

  /**
   * Returns the pause after an announcement, with jitter, milliseconds.
   *
   * @param failures number of failures in a row, that of this announcement included; 0 after a success
   */
  pauseMs(kind: "record" | "torrent", failures: number): number {
    const jitter = 1 + JITTER * (2 * this.#random() - 1);
    const intervalMs = this.of(kind);
    const pauseMs = failures === 0
      ? intervalMs
      : Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 20), intervalMs);
    return Math.round(pauseMs * jitter);
  }

  /** Returns the longest pause after a success, milliseconds. */
  latestMs(kind: "record" | "torrent"): number {
    return this.of(kind) * (1 + JITTER);
  }

  /**
   * Age, milliseconds, from which a node's copy of a record could expire before the next
   * announcement. The put refreshes such copies.
   */
  get refreshAfterMs(): number {
    return Math.max(ITEM_LIFE_MS - this.latestMs("record"), 0);
  }
}
