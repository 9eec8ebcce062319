/**
 * How fast a transfer is, as a progress bar shows it: over the last seconds, and of what has come since
 * it began. What an earlier download left has no part in it. Pure; the time is handed in.
 *
 * @module
 */

/** Over how long the rate is taken, milliseconds: shorter, and the time left jumps about. */
const WINDOW_MS = 10_000;
/** A rate over less time says nothing, milliseconds. */
const SHORTEST_MS = 1_000;

/** The rate of one transfer. */
export class TransferRate {
  /** Of the last seconds, the oldest first. */
  readonly #samples: { atMs: number; bytes: number }[] = [];

  /**
   * Takes in how far the transfer is. The first call is where it begins.
   *
   * @param bytes that are there by now, those of before the start counted too
   * @param nowMs Unix milliseconds
   */
  add(bytes: number, nowMs: number): void {
    const last = this.#samples.at(-1);
    // A clock that was set back, or a piece that was thrown away: the rate begins anew.
    if (last && (nowMs < last.atMs || bytes < last.bytes)) this.#samples.length = 0;
    this.#samples.push({ atMs: nowMs, bytes });
    // The last one before the window stays: the rate is taken from there.
    while (this.#samples.length > 2 && this.#samples[1]!.atMs <= nowMs - WINDOW_MS) {
      this.#samples.shift();
    }
  }

  /** Bytes a second; `undefined` while too little time has passed to tell. */
  get bytesPerSecond(): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.atMs - first.atMs < SHORTEST_MS) return undefined;
    return (last.bytes - first.bytes) / (last.atMs - first.atMs) * 1_000;
  }
}
