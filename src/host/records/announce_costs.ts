/**
 * Costs of announcements, in packets for each address family: for each kind, the mean of the counted
 * packets of the last announcements. The plan compares the costs with `announce-budget`.
 *
 * @module
 */

/** Kind of an announcement. Each kind has a cost and an interval of its own. */
export type AnnouncedKind =
  /** A record that nodes hold already. */
  | "record"
  /** A record whose turn has come, which nodes may have forgotten. */
  | "turn"
  /** This machine as a peer of a torrent or of a rendezvous. */
  | "torrent"
  /** A slot of the index of a name. */
  | "name";

/** Smoothing: each announcement has this share of the mean, so about the last 32 count. */
const SHARE = 1 / 32;
/** Bounds of an observed interval (ms): a retry or a long sleep does not count. */
const [LEAST_MS, MOST_MS] = [5 * 60_000, 3 * 3_600_000];
const HOUR_MS = 3_600_000;

/** Costs until there are measurements, as in docs/scale.md. */
const BEGIN: Readonly<Record<AnnouncedKind, { packets: number; intervalMs: number }>> = {
  record: { packets: 12, intervalMs: 50 * 60_000 },
  turn: { packets: 16, intervalMs: HOUR_MS },
  torrent: { packets: 16, intervalMs: 26 * 60_000 },
  name: { packets: 24, intervalMs: 50 * 60_000 },
};

/** The smoothed costs of announcements. */
export class AnnounceCosts {
  readonly #costs: Record<AnnouncedKind, { packets: number; intervalMs: number }>;

  constructor() {
    const { record, turn, torrent, name } = BEGIN;
    this.#costs = {
      record: { ...record },
      turn: { ...turn },
      torrent: { ...torrent },
      name: { ...name },
    };
  }

  /**
   * Adds the packets of one announcement (for each address family), and the time until the next one
   * (ms). An announcement that sent nothing, because there was no DHT, does not count.
   */
  add(kind: AnnouncedKind, packets: number, intervalMs?: number): void {
    const cost = this.#costs[kind];
    if (packets > 0) cost.packets += (packets - cost.packets) * SHARE;
    if (intervalMs === undefined || intervalMs < LEAST_MS || intervalMs > MOST_MS) return;
    cost.intervalMs += (intervalMs - cost.intervalMs) * SHARE;
  }

  /** Returns the packets of one announcement. */
  packets(kind: AnnouncedKind): number {
    return this.#costs[kind].packets;
  }

  /** Returns the packets an hour of something that is announced regularly. */
  hourly(kind: AnnouncedKind): number {
    const { packets, intervalMs } = this.#costs[kind];
    return packets * HOUR_MS / intervalMs;
  }
}
