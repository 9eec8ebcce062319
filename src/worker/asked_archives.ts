/**
 * Tells the command's thread which archives peers ask for, each at most once an hour.
 *
 * @module
 */

import { type Clock, setNewest } from "../base/mod.ts";

/** Time after which the same archive is told again (ms). */
const AGAIN_MS = 3_600_000;
/** Maximum number of archives that are remembered; the one told first is forgotten. */
const MAX_ARCHIVES = 10_000;

/** The archives that were told. */
export class AskedArchives {
  readonly #clock: Clock;
  readonly #tell: (infoHashHex: string) => void;
  /** Time at which each archive was told (ms), by infohash, the oldest first. */
  readonly #toldMs = new Map<string, number>();

  constructor(clock: Clock, tell: (infoHashHex: string) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Notes that a peer has connected for an archive. */
  note(infoHashHex: string): void {
    const nowMs = this.#clock.now();
    const toldMs = this.#toldMs.get(infoHashHex);
    // The absolute value is compared, so that setting the clock back silences no archive.
    if (toldMs !== undefined && Math.abs(nowMs - toldMs) < AGAIN_MS) return;
    setNewest(this.#toldMs, infoHashHex, nowMs, MAX_ARCHIVES);
    this.#tell(infoHashHex);
  }
}
