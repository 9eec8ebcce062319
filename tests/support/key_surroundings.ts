/**
 * Stands in for the process in tests of keys: a terminal that answers from a list, and a clock
 * that stands still.
 *
 * @module
 */

import { utf8 } from "../../src/base/mod.ts";
import { type KeySurroundings, type Terminal, terminalNeeded } from "../../src/keys/mod.ts";

/** A terminal that answers questions. Without answers, no terminal is there. */
export class FakeTerminal implements Terminal {
  readonly isThere: boolean;
  /** Everything that was shown, the questions included. */
  shown = "";
  readonly #answer: ((prompt: string, shown: string) => string) | undefined;

  /** @param answer returns the answer to a prompt, from everything that was shown before */
  constructor(answer?: (prompt: string, shown: string) => string) {
    this.isThere = answer !== undefined;
    this.#answer = answer;
  }

  show(text: string): void {
    this.shown += text;
  }

  ask(prompt: string): Promise<string> {
    if (!this.#answer) return Promise.reject(terminalNeeded());
    const answer = this.#answer(prompt, this.shown);
    this.shown += `${prompt}${answer}\n`;
    return Promise.resolve(answer);
  }
}

/** Returns surroundings without a terminal, an agent or a passphrase file, and what is given. */
export function keySurroundings(
  { stdin = "", ...given }: Partial<Omit<KeySurroundings, "stdin">> & { stdin?: string } = {},
): KeySurroundings {
  return {
    own: Deno.uid(),
    terminal: new FakeTerminal(),
    file: undefined,
    agentSocket: undefined,
    now: () => 1_800_000_000_000,
    ...given,
    stdin: () => new Blob([utf8(stdin)]).stream(),
  };
}
