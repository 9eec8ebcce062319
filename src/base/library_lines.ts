/**
 * Redirects output that libraries print on the console to libreseed's log. Bytes from strangers can
 * cause a library to print, so the length and the number of lines are limited.
 *
 * @module
 */

import type { Clock } from "./clock.ts";

/** Maximum number of lines logged per minute. Further lines are only counted. */
const MAX_LINES = 10;
const MINUTE_MS = 60_000;
/** Maximum length of a line that a library printed and that is logged, in characters. */
const MAX_LENGTH = 500;

/** Converts console output of libraries to log lines, with limits on length and rate. */
export class LibraryLines {
  readonly #clock: Clock;
  readonly #say: (line: string) => void;
  #beganMs = -Infinity;
  #said = 0;
  #leftOut = 0;

  constructor(clock: Clock, say: (line: string) => void) {
    this.#clock = clock;
    this.#say = say;
  }

  /** Logs the arguments of one call of a console method, such as `console.warn`. */
  hear(args: readonly unknown[]): void {
    const nowMs = this.#clock.now();
    if (Math.abs(nowMs - this.#beganMs) >= MINUTE_MS) {
      this.#beganMs = nowMs;
      this.#said = 0;
    }
    if (this.#said++ >= MAX_LINES) {
      this.#leftOut++;
      return;
    }
    const words = args.map((arg) => typeof arg === "string" ? arg : Deno.inspect(arg));
    const text = words.join(" ").slice(0, MAX_LENGTH).trim() || "an empty line";
    const more = this.#leftOut > 0 ? ` (${this.#leftOut} lines before it were left out)` : "";
    this.#leftOut = 0;
    this.#say(`a library says: ${text}${more}`);
  }
}

/**
 * Replaces all methods of the console and Node's `process.emitWarning`: they call `hear` with their
 * arguments instead of printing. Disposing of the result restores the originals.
 */
export function takeConsole(hear: (args: unknown[]) => void): Disposable {
  const restoring: (() => void)[] = [];
  const take = (object: object, name: string) => {
    const before = Object.getOwnPropertyDescriptor(object, name);
    const value = (...args: unknown[]) => hear(args);
    Object.defineProperty(object, name, { configurable: true, writable: true, value });
    restoring.push(() =>
      before ? Object.defineProperty(object, name, before) : Reflect.deleteProperty(object, name)
    );
  };
  const printer = globalThis.console;
  for (const [name, member] of Object.entries(printer)) {
    if (typeof member === "function") take(printer, name);
  }
  // deno-lint-ignore no-process-global -- importing it would load it
  if (typeof process !== "undefined") take(process, "emitWarning");
  return {
    [Symbol.dispose]() {
      for (const restore of restoring) restore();
    },
  };
}
