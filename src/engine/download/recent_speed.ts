/**
 * Download speeds of peers that have just begun to send. npm:webtorrent averages over five seconds, also
 * over those in which a peer choked us. A peer that unchokes us and answers in bursts would so get a fifth
 * of the requests that it could answer: Transmission, which sends twice a second, took 25 s for 64 MiB.
 *
 * @module
 */

import type { RequestingWire } from "../libraries/mod.ts";

/** Time without a block after which a peer begins anew (ms). */
const IDLE_MS = 1_000;
/** Time from the beginning on before which the speed says nothing (ms). */
const MIN_MS = 500;
/** Time after which the average of npm:webtorrent holds nothing of the time before (ms). */
const MAX_MS = 5_000;

/** What a peer has sent since it began. */
interface Sending {
  /** Time at which the peer began, and bytes of blocks that it had sent before. */
  begunMs: number;
  before: number;
  /** Time of the last question after which a block came, and the bytes by then. */
  lastMs: number;
  downloaded: number;
}

/** The speeds of the peers of one download. */
export class RecentSpeed {
  readonly #sending = new WeakMap<RequestingWire, Sending>();

  /**
   * Returns the speed of a peer in bytes a second: the average since it began to send, if that is not long
   * ago and greater than the average of npm:webtorrent. To be called after each block.
   */
  of(wire: RequestingWire, nowMs: number): number {
    const { downloaded } = wire;
    const speed = wire.downloadSpeed();
    const sending = this.#sending.get(wire);
    if (!sending || (downloaded > sending.downloaded && nowMs - sending.lastMs > IDLE_MS)) {
      const before = sending?.downloaded ?? downloaded;
      this.#sending.set(wire, { begunMs: nowMs, before, lastMs: nowMs, downloaded });
      return speed;
    }
    if (downloaded > sending.downloaded) {
      sending.lastMs = nowMs;
      sending.downloaded = downloaded;
    }
    const passedMs = nowMs - sending.begunMs;
    if (passedMs < MIN_MS || passedMs > MAX_MS) return speed;
    return Math.max(speed, (downloaded - sending.before) * 1_000 / passedMs);
  }
}
