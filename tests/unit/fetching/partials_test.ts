/**
 * Incomplete downloads in the seed directory: how long they are kept, and when they are deleted.
 *
 * @module
 */

import assert from "node:assert/strict";
import { partialPath, prefixPath, removeOldPartials } from "../../../src/fetching/partials.ts";
import { namesIn } from "../../../src/store/mod.ts";
import { temporaryHome } from "../../support/mod.ts";

const DAY_MS = 86_400_000;

for (const [when, aheadMs] of [["now", 0], ["by a clock a year ahead", 365 * DAY_MS]] as const) {
  Deno.test(`an incomplete download dated ${when} is kept after one day and removed after eight`, async () => {
    await using directory = await temporaryHome();
    const path = partialPath(directory.path, "ab".repeat(20));
    await Deno.writeTextFile(path, "half");
    const nowMs = Date.now();
    const written = new Date(nowMs + aheadMs);
    await Deno.utime(path, written, written);
    const lookAt = (ms: number) => removeOldPartials(directory.path, ms, namesIn(directory.path));
    await lookAt(nowMs);
    await lookAt(nowMs + DAY_MS);
    assert.deepEqual(namesIn(directory.path).length, 1);
    await lookAt(nowMs + 9 * DAY_MS);
    assert.deepEqual(namesIn(directory.path), []);
  });
}

Deno.test("the beginning of an archive that a killed process has left is removed at once", async () => {
  await using directory = await temporaryHome();
  await Deno.writeTextFile(prefixPath(directory.path, "ab".repeat(20)), "beginning");
  await removeOldPartials(directory.path, Date.now(), namesIn(directory.path));
  assert.deepEqual(namesIn(directory.path), []);
});
