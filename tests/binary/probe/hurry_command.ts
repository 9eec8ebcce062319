/**
 * Has the command thread look up bootstrap names anew soon, and tells the launcher when it has.
 *
 * @module
 */

declare const self: { postMessage(message: unknown): void };

/** First and second pause before names without an address are looked up anew (ms). */
const [FIRST_MS, SECOND_MS] = [15_000, 30_000];
/** Pause in place of the first one (ms). */
const SHORT_MS = 200;

const { setTimeout } = globalThis;
let state: "waits" | "short" | "looks" | "looked" = "waits";

const replaced = (fire: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
  if (state === "looks" && ms === SECOND_MS) {
    state = "looked";
    self.postMessage({ said: "names were looked up anew" });
  }
  if (state !== "waits" || ms !== FIRST_MS) return setTimeout(fire, ms, ...args);
  state = "short";
  return setTimeout(() => {
    state = "looks";
    fire(...args);
  }, SHORT_MS);
};
globalThis.setTimeout = replaced as typeof setTimeout;
