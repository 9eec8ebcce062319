/**
 * Download speeds of peers in the last half second. npm:webtorrent averages over five seconds. A peer that
 * has just begun to send, and answers in bursts, would for that time get a fifth of the requests that it
 * could answer: Transmission, which sends twice a second, took 25 s to send 64 MiB to this machine.
 *
 * @module
 */

import type { RequestingWire } from "../libraries/mod.ts";

/** Minimum time over which a speed is measured (ms). Transmission's bursts are as far apart. */
const INTERVAL_MS = 500;

/** The last measurement of a peer. */
interface Measured {
  atMs: number;
  /** Bytes of blocks that the peer had sent by then. */
  downloaded: number;
  /** Speed before that, in bytes a second. */
  speed: number;
}

/** The recent speeds of the peers of one download. */
export class RecentSpeed {
  readonly #measured = new WeakMap<RequestingWire, Measured>();

  /** Returns the speed of a peer in bytes a second: the recent one, or the average if that is greater. */
  of(wire: RequestingWire, nowMs: number): number {
    const { downloaded } = wire;
    const before = this.#measured.get(wire);
    const passedMs = nowMs - (before?.atMs ?? nowMs);
    let speed = before?.speed ?? 0;
    if (!before || passedMs >= INTERVAL_MS) {
      if (before) speed = (downloaded - before.downloaded) * 1_000 / passedMs;
      this.#measured.set(wire, { atMs: nowMs, downloaded, speed });
    }
    return Math.max(speed, wire.downloadSpeed());
  }
}
