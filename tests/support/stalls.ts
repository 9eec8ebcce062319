/**
 * Stalls of the machine: seconds in which a process gets no processor. Time limits of connections pass
 * meanwhile, so that connections end which nobody has ended.
 *
 * @module
 */

/** Pause between two looks at the clock, and delay of one that counts as a stall (ms). */
const LOOK_MS = 100;
const STALL_MS = 2_000;
/** Maximum number of times that a test is run. */
const MAX_RUNS = 4;

/**
 * Runs a test that asserts which connections last, and runs it again if it fails and the machine has
 * stalled meanwhile.
 *
 * @param stallMs delay of a look at the clock that counts as a stall (ms)
 */
export async function withoutStall(run: () => Promise<void>, stallMs = STALL_MS): Promise<void> {
  for (let runs = 1;; runs++) {
    let [lookedMs, hasStalled] = [performance.now(), false];
    const look = () => {
      const nowMs = performance.now();
      hasStalled ||= nowMs - lookedMs > stallMs;
      lookedMs = nowMs;
    };
    const timer = setInterval(look, LOOK_MS);
    try {
      return await run();
    } catch (error) {
      // After a stall, the test's own timers may fire before the one of the looks.
      look();
      if (!hasStalled || runs === MAX_RUNS) throw error;
      console.log(`The machine has stalled, and the test is run again: ${error}`);
    } finally {
      clearInterval(timer);
    }
  }
}
