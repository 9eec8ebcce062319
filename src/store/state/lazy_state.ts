/**
 * Opens `state.db` at first use, and shares it within the process.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import { describeReplaced, StateDatabase } from "./state_database.ts";

/** A state database that is opened at first use. Disposing of this object closes the database. */
export class LazyState implements Disposable {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #onWarning: (message: string) => void;
  #opened: StateDatabase | undefined;

  /** @param onWarning is called with a message for the user if a damaged file was replaced */
  constructor(path: string, clock: Clock, onWarning: (message: string) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#onWarning = onWarning;
  }

  /** Returns the open database. Throws the errors of {@linkcode StateDatabase.open}. */
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
