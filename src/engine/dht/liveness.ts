/**
 * Tells a DHT from a socket with no network behind it: whether any node answers. What to do about it is
 * for others.
 *
 * @module
 */

import type { Krpc } from "../libraries/mod.ts";

/**
 * Nobody answers if so many queries in a row were not answered. Where four nodes in five are dead, that
 * happens by chance once in a million and a half.
 */
const IN_A_ROW = 64;

/** Watches the queries of one node; silent until somebody answers. */
export class Liveness {
  readonly #onChange: (silent: boolean) => void;
  #isSilent = true;
  #unanswered = 0;

  /** @param onChange hears that somebody answers, or nobody any more */
  constructor(onChange: (silent: boolean) => void) {
    this.#onChange = onChange;
  }

  /** Whether nobody answers. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Counts what becomes of each query from now on. */
  watch({ socket, nodes }: Krpc): void {
    const query = socket.query.bind(socket);
    socket.query = (peer, message, done) =>
      query(peer, message, (error, ...rest) => {
        // Whoever answers with an error, or under another id than was thought, is there.
        const isAnswer = !error || typeof error.code === "number" ||
          error.code === "EUNEXPECTEDNODE";
        if (isAnswer) this.#heard();
        else if (++this.#unanswered >= IN_A_ROW) this.#set(true);
        done(error, ...rest);
      });
    nodes.on("removed", () => {
      if (nodes.count() === 0) this.#set(true);
    });
  }

  /** There is another socket: nobody has answered on it yet. Tells nobody. */
  begin(): void {
    this.#isSilent = true;
    this.#unanswered = 0;
  }

  #heard(): void {
    this.#unanswered = 0;
    this.#set(false);
  }

  #set(silent: boolean): void {
    if (silent === this.#isSilent) return;
    this.#isSilent = silent;
    this.#onChange(silent);
  }
}
