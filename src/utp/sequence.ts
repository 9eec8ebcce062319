/**
 * Sequence numbers of uTP packets: 16 bits that wrap around, and a ring of what belongs to them.
 *
 * @module
 */

/** Bits of a sequence number. */
export const SEQ_MASK = 0xffff;

/** Number of steps, modulo 65,536, from one sequence number to another. */
export function distance(from: number, to: number): number {
  return (to - from) & SEQ_MASK;
}

/** Whether a sequence number comes before another: at most half of all numbers lie between them. */
export function isBefore(a: number, b: number): boolean {
  const steps = distance(a, b);
  return steps > 0 && steps <= SEQ_MASK >> 1;
}

/**
 * Items by sequence number. The ring grows with the distance between the first and the last number,
 * which the caller bounds.
 */
export class SeqRing<T> {
  #items: (T | undefined)[] = new Array(16).fill(undefined);

  /**
   * Returns the item of a sequence number.
   *
   * @param first the first sequence number that has an item, or may get one
   */
  get(seq: number, first: number): T | undefined {
    const { length } = this.#items;
    return distance(first, seq) < length ? this.#items[seq & (length - 1)] : undefined;
  }

  /** @param first the first sequence number that has an item, or may get one */
  set(seq: number, item: T, first: number): void {
    const needed = distance(first, seq) + 1;
    if (needed > this.#items.length) this.#grow(first, needed);
    this.#items[seq & (this.#items.length - 1)] = item;
  }

  delete(seq: number): void {
    this.#items[seq & (this.#items.length - 1)] = undefined;
  }

  #grow(first: number, needed: number): void {
    const old = this.#items;
    let { length } = old;
    while (length < needed) length *= 2;
    const items: (T | undefined)[] = new Array(length).fill(undefined);
    for (let i = 0; i < old.length; i++) {
      const seq = (first + i) & SEQ_MASK;
      items[seq & (length - 1)] = old[seq & (old.length - 1)];
    }
    this.#items = items;
  }
}
