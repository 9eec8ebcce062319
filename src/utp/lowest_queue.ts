/**
 * The lowest queueing delay of the last round trips. A router's queue is long for a whole round trip or
 * more, while a program that got no processor makes a few packets late. Only the lowest delay tells
 * the two apart.
 *
 * @module
 */

/** The lowest of the delays that were added in the current round trip and in the one before it. */
export class LowestQueue {
  #current = Infinity;
  #before = Infinity;
  #roundEndsUs = 0;

  /** Adds a queueing delay, in microseconds. */
  add(queueUs: number, nowUs: number, rttUs: number): void {
    if (nowUs >= this.#roundEndsUs) {
      this.#before = this.#current;
      this.#current = queueUs;
      this.#roundEndsUs = nowUs + rttUs;
    } else this.#current = Math.min(this.#current, queueUs);
  }

  /** The lowest delay, in microseconds; `Infinity` before the first. */
  get us(): number {
    return Math.min(this.#current, this.#before);
  }
}
