/**
 * The first module of a command thread whose engine is about to die in silence: at the message of
 * {@linkcode CHANNEL} it shortens the timers of half a minute, with which the thread watches the
 * engine. `dying_engine.ts` starts such a thread.
 *
 * @module
 */

/** Name of the `BroadcastChannel` that tells the threads that the engine dies. */
const CHANNEL = "death";
const CUT_SHORT_MS = 30_000;

const cutShort = shortenableWaits();
new BroadcastChannel(CHANNEL).onmessage = cutShort;

/**
 * Replaces `setTimeout`. Returns a function that shortens the timers of half a minute, including
 * pending timers.
 */
function shortenableWaits(): () => void {
  const { setTimeout, clearTimeout } = globalThis;
  const underWay = new Map<unknown, () => void>();
  let isShort = false;
  globalThis.setTimeout = ((callback: () => void, ms?: number, ...args: []) => {
    if (ms !== CUT_SHORT_MS) return setTimeout(callback, ms, ...args);
    if (isShort) return setTimeout(callback, ms / 100, ...args);
    const id = setTimeout(() => {
      underWay.delete(id);
      callback();
    }, ms);
    underWay.set(id, callback);
    return id;
  }) as typeof setTimeout;
  globalThis.clearTimeout = (id) => {
    underWay.delete(id!);
    clearTimeout(id);
  };
  return () => {
    isShort = true;
    for (const [id, callback] of underWay) {
      clearTimeout(id as number);
      setTimeout(callback);
    }
    underWay.clear();
  };
}
