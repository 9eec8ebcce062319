/**
 * Queue of dials that wait until another dial to the same address and port has been answered or has
 * failed. `dial_budget.ts` decides which dials must wait, and `libraries/webtorrent/dialling.ts`
 * resumes the waiting dials.
 *
 * @module
 */

/**
 * Maximum number of waiting dials, over all addresses; each takes about 1 kB. A mirror that
 * downloads 4,000 packages from one seeder stays below this number.
 */
export const MAX_WAITING = 4_096;

/** Queue of waiting dials, grouped by address, in order of arrival. */
export class DialQueue<Dial> {
  readonly #byAddress = new Map<string, Dial[]>();
  readonly #max: number;
  #size = 0;

  constructor(max = MAX_WAITING) {
    this.#max = max;
  }

  /** Number of waiting dials. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a dial to the queue.
   *
   * @returns `false` if the queue is full
   */
  add(address: string, dial: Dial): boolean {
    if (this.#size >= this.#max) return false;
    const dials = this.#byAddress.get(address);
    if (dials) dials.push(dial);
    else this.#byAddress.set(address, [dial]);
    this.#size++;
    return true;
  }

  /** Removes and returns all waiting dials to an address. */
  take(address: string): Dial[] {
    const dials = this.#byAddress.get(address) ?? [];
    this.#byAddress.delete(address);
    this.#size -= dials.length;
    return dials;
  }
}
