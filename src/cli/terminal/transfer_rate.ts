/**
 * The transfer rate shown by a progress bar: a moving average over the last 10 seconds. Bytes that
 * were on disk before the transfer started are not counted. The caller passes the current time.
 *
 * @module
 */

/**
 * Length of the averaging window, in milliseconds. A shorter window would make the remaining time
 * jump.
 */
const WINDOW_MS = 10_000;
/** Minimum time that the samples must span for a meaningful rate, in milliseconds. */
const MIN_SPAN_MS = 1_000;

/** Measures the rate of one transfer as a moving average. */
export class TransferRate {
  /**
   * Samples of the number of bytes on disk, the oldest first: the last sample before the averaging
   * window, then all samples within the window.
   */
  readonly #samples: { atMs: number; bytes: number }[] = [];

  /**
   * Adds a sample. The first sample marks the start of the transfer.
   *
   * @param bytes total bytes on disk, including bytes from before the start of the transfer
   * @param nowMs current time, Unix milliseconds
   */
  add(bytes: number, nowMs: number): void {
    const last = this.#samples.at(-1);
    // Restart the measurement if the clock was set back or a downloaded piece was discarded.
    if (last && (nowMs < last.atMs || bytes < last.bytes)) this.#samples.length = 0;
    this.#samples.push({ atMs: nowMs, bytes });
    // Keep the last sample before the window, because the rate is measured from that sample.
    while (this.#samples.length > 2 && this.#samples[1]!.atMs <= nowMs - WINDOW_MS) {
      this.#samples.shift();
    }
  }

  /** The rate in bytes per second; `undefined` until the samples span at least one second. */
  get bytesPerSecond(): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.atMs - first.atMs < MIN_SPAN_MS) return undefined;
    return (last.bytes - first.bytes) / (last.atMs - first.atMs) * 1_000;
  }
}
