/**
 * Long work in slices, so that the browser can paint and answer keys between two of them. A task of more than
 * 50 ms counts as long; a slice ends long before that, also on a slow machine.
 *
 * @module
 */

/** Longest time that a slice works before it lets the browser go on, milliseconds. */
export const SLICE_MS = 8;

/** Time and pauses of {@linkcode Slices}; tests simulate them. */
export interface SliceClock {
  /** Returns a time that never goes back, milliseconds. */
  now(): number;
  /** Resolves in a new task, after the browser had the chance to paint and to handle input. */
  pause(): Promise<void>;
}

/** A piece of work that pauses whenever its slice is used up. */
export class Slices {
  readonly #clock: SliceClock;
  readonly #signal?: AbortSignal;
  #began: number;

  /** @param signal ends the work at its next check, by the signal's reason */
  constructor(clock: SliceClock, signal?: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    this.#began = clock.now();
  }

  /** Whether the present slice is used up. */
  get used(): boolean {
    return this.#clock.now() - this.#began >= SLICE_MS;
  }

  /**
   * Pauses, and begins a new slice.
   *
   * @throws the signal's reason if the work was ended meanwhile
   */
  async next(): Promise<void> {
    await this.#clock.pause();
    this.#signal?.throwIfAborted();
    this.#began = this.#clock.now();
  }
}

/** Number of items between two looks at the clock. */
const ITEMS_PER_LOOK = 64;

/**
 * Calls `visit` with every item, in order, and pauses between slices.
 *
 * @throws the reason of the slices' signal if the work was ended
 */
export async function eachInSlices<Item>(
  items: readonly Item[],
  slices: Slices,
  visit: (item: Item, index: number) => void,
): Promise<void> {
  for (let index = 0; index < items.length; index++) {
    visit(items[index]!, index);
    if (index % ITEMS_PER_LOOK === ITEMS_PER_LOOK - 1 && slices.used) await slices.next();
  }
}
