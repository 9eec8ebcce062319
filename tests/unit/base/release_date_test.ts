/**
 * Detecting a clock that shows a time before the program's release.
 *
 * @module
 */

import assert from "node:assert/strict";
import { LibreseedError, refuseEarlyClock, RELEASED_MS } from "../../../src/base/mod.ts";

Deno.test("a clock before the release is refused with both dates and what to do; one at it or after it is not", () => {
  assert.throws(() => refuseEarlyClock(Date.UTC(1970, 0, 2)), (error) => {
    assert(error instanceof LibreseedError);
    assert.deepEqual([error.kind, error.code], ["failed", "CLOCK_BEHIND"]);
    assert.match(error.message, /1970-01-02T.*released on \d{4}-\d\d-\d\d.*Set the clock/);
    return true;
  });
  assert.throws(() => refuseEarlyClock(RELEASED_MS - 1));
  refuseEarlyClock(RELEASED_MS);
  refuseEarlyClock(RELEASED_MS + 10 * 365 * 86_400_000);
});

Deno.test("the release's date is midnight UTC of a day that has come", () => {
  assert.equal(RELEASED_MS % 86_400_000, 0);
  assert(RELEASED_MS <= Date.now(), "nobody could publish with this version yet");
});
