/**
 * One opening of `state.db` for all that a process does with it.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import { describeReplaced, StateDatabase } from "./state_database.ts";

/** Opens a state at its first use. Disposing closes it, if it was opened. */
export class LazyState implements Disposable {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #onWarning: (message: string) => void;
  #opened: StateDatabase | undefined;

  /** @param onWarning hears, for people, that a damaged file was put aside */
  constructor(path: string, clock: Clock, onWarning: (message: string) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#onWarning = onWarning;
  }

  /** The state; throws what {@linkcode StateDatabase.open} throws. */
  readonly open = (): StateDatabase => {
    if (this.#opened) return this.#opened;
    this.#opened = StateDatabase.open(this.#path, this.#clock);
    const { replaced } = this.#opened;
    if (replaced) this.#onWarning(describeReplaced(replaced));
    return this.#opened;
  };

  [Symbol.dispose](): void {
    this.#opened?.close();
    this.#opened = undefined;
  }
}
