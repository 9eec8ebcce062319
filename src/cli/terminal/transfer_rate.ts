/**
 * The transfer rate that a progress bar shows: a moving average over the last seconds. Bytes that
 * were on disk before the transfer started do not count. The caller passes the time.
 *
 * @module
 */

/**
 * Length of the averaging window, milliseconds. A shorter one makes the remaining time unsteady.
 */
const WINDOW_MS = 10_000;
/** Minimum time between the first and the last sample, milliseconds, for a meaningful rate. */
const MIN_SPAN_MS = 1_000;

/** A moving average of one transfer's rate. */
export class TransferRate {
  /** Samples within the window, the oldest first, and one sample before the window. */
  readonly #samples: { atMs: number; bytes: number }[] = [];

  /**
   * Adds a sample. The first sample is the start of the transfer.
   *
   * @param bytes total bytes on disk, including those from before the start
   * @param nowMs current time, Unix milliseconds
   */
  add(bytes: number, nowMs: number): void {
    const last = this.#samples.at(-1);
    // The clock was set back, or a piece was discarded: restart the measurement.
    if (last && (nowMs < last.atMs || bytes < last.bytes)) this.#samples.length = 0;
    this.#samples.push({ atMs: nowMs, bytes });
    // Keep the last sample before the window, because the rate is measured from there.
    while (this.#samples.length > 2 && this.#samples[1]!.atMs <= nowMs - WINDOW_MS) {
      this.#samples.shift();
    }
  }

  /** Bytes per second; `undefined` until the samples span enough time. */
  get bytesPerSecond(): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.atMs - first.atMs < MIN_SPAN_MS) return undefined;
    return (last.bytes - first.bytes) / (last.atMs - first.atMs) * 1_000;
  }
}
