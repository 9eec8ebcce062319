/**
 * Dials that wait until another dial to their address and port has answered or failed. Which have to
 * wait is the business of `dial_budget.ts`; what becomes of them, of `dialling.ts`.
 *
 * @module
 */

/**
 * Number of dials that wait, to all addresses together. A mirror of 4,000 packages that all name one
 * seeder fits; one that waits takes about a kilobyte.
 */
export const MAX_WAITING = 4_096;

/** Waiting dials by address, in the order in which they came. */
export class DialQueue<Dial> {
  readonly #byAddress = new Map<string, Dial[]>();
  readonly #max: number;
  #size = 0;

  constructor(max = MAX_WAITING) {
    this.#max = max;
  }

  /** Dials that wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a dial.
   *
   * @returns whether there was room
   */
  add(address: string, dial: Dial): boolean {
    if (this.#size >= this.#max) return false;
    const dials = this.#byAddress.get(address);
    if (dials) dials.push(dial);
    else this.#byAddress.set(address, [dial]);
    this.#size++;
    return true;
  }

  /** Takes all dials of an address out. */
  take(address: string): Dial[] {
    const dials = this.#byAddress.get(address) ?? [];
    this.#byAddress.delete(address);
    this.#size -= dials.length;
    return dials;
  }
}
