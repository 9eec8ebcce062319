/**
 * Time limit of a test. A test that hangs would keep the whole suite from its end, and so hide the
 * results of all others.
 *
 * @module
 */

/**
 * Ends the file of a test that takes too long, with an uncaught error. `deno test` cancels the tests
 * of that file that have not ended, and runs all other files.
 *
 * A thread that is busy without a pause is not ended: its timers do not fire.
 *
 * @param limitMs the time limit of each test (ms)
 */
export function limitTests(limitMs: number): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  Deno.test.beforeEach(() => {
    const started = timer = setTimeout(() => {
      throw new Error(`The first cancelled test of this file had not ended after ${limitMs} ms`);
    }, limitMs);
    // A test that waits for nothing ends at once, with an error of `deno test`.
    Deno.unrefTimer(started);
  });
  Deno.test.afterEach(() => clearTimeout(timer));
}
