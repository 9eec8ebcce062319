/**
 * Asks the user at the terminal. The launcher asks, not the command's thread: what is typed here are
 * passphrases and recovery codes, which no other thread may see.
 *
 * Answers come from standard input, prompts go to standard error.
 *
 * @module
 */

import { concatBytes, utf8 } from "../base/mod.ts";
import { KeysError } from "./errors.ts";

/** The parts of a terminal that the keys' code needs. */
export interface Terminal {
  /** Whether a user can be asked: standard input and standard error are a terminal. */
  readonly isThere: boolean;
  /** Shows text, which ends with a line feed. */
  show(text: string): void;
  /**
   * Asks for one line. With `hidden`, what is typed does not appear.
   *
   * @throws {KeysError} `TERMINAL_NEEDED` without a terminal, `UNCONFIRMED` if the user ends the input
   * or interrupts it
   */
  ask(prompt: string, options?: { hidden?: boolean }): Promise<string>;
}

/** Maximum length of an answer, bytes. */
const MAX_ANSWER_BYTES = 4096;
const [END_OF_TEXT, END_OF_INPUT, BACKSPACE, LINE_FEED, RETURN, ERASE_LINE, DELETE] = [
  ...[3, 4, 8, 10, 13, 21, 127],
];

/** The terminal of this process. */
export class ProcessTerminal implements Terminal {
  get isThere(): boolean {
    return Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
  }

  show(text: string): void {
    const bytes = utf8(text);
    for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
  }

  async ask(prompt: string, { hidden = false }: { hidden?: boolean } = {}): Promise<string> {
    if (!this.isThere) throw terminalNeeded();
    if (!hidden) this.show(prompt);
    const answer = hidden ? await this.#readHidden(prompt) : await readLine();
    if (answer === undefined) {
      this.show("\n");
      throw new KeysError("failed", "UNCONFIRMED", "The input was ended. Nothing was changed");
    }
    return answer;
  }

  /** Reads a line in raw mode, in which the terminal shows nothing and makes no signals. */
  async #readHidden(prompt: string): Promise<string | undefined> {
    const restore = () => Deno.stdin.setRaw(false);
    // A signal would end the process and leave the terminal in raw mode.
    const onSignal = () => {
      restore();
      Deno.removeSignalListener("SIGTERM", onSignal);
      Deno.kill(Deno.pid, "SIGTERM");
    };
    Deno.stdin.setRaw(true);
    Deno.addSignalListener("SIGTERM", onSignal);
    try {
      // After the switch to raw mode, which drops what was typed before and would have shown it.
      this.show(prompt);
      return await readRaw();
    } finally {
      Deno.removeSignalListener("SIGTERM", onSignal);
      restore();
      this.show("\n");
    }
  }
}

/**
 * Creates the error `TERMINAL_NEEDED`.
 *
 * @param advice what the user can do, as a clause
 */
export function terminalNeeded(advice = "run it in a terminal"): KeysError {
  return new KeysError(
    "usage",
    "TERMINAL_NEEDED",
    `This command has to ask you, and standard input or standard error is no terminal: ${advice}`,
  );
}

async function readRaw(): Promise<string | undefined> {
  const typed: number[] = [];
  const chunk = new Uint8Array(256);
  for (;;) {
    const count = await Deno.stdin.read(chunk);
    if (count === null) return undefined;
    for (const byte of chunk.subarray(0, count)) {
      if (byte === LINE_FEED || byte === RETURN) {
        return new TextDecoder().decode(Uint8Array.from(typed));
      }
      if (byte === END_OF_TEXT || byte === END_OF_INPUT) return undefined;
      if (byte === ERASE_LINE) typed.length = 0;
      else if (byte === BACKSPACE || byte === DELETE) removeCharacter(typed);
      else if (typed.length < MAX_ANSWER_BYTES) typed.push(byte);
    }
  }
}

/** Removes the last character of UTF-8. */
function removeCharacter(typed: number[]): void {
  while (typed.length > 0 && (typed.pop()! & 0xc0) === 0x80);
}

async function readLine(): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  const chunk = new Uint8Array(MAX_ANSWER_BYTES);
  for (let length = 0; length < MAX_ANSWER_BYTES;) {
    const count = await Deno.stdin.read(chunk);
    if (count === null) return undefined;
    const end = chunk.subarray(0, count).indexOf(LINE_FEED!);
    parts.push(chunk.slice(0, end === -1 ? count : end));
    length += count;
    if (end !== -1) break;
  }
  return new TextDecoder().decode(concatBytes(...parts)).replace(/\r$/, "");
}
