import assert from "node:assert/strict";
import { archiveLimitsOf, defaultArchiveLimits } from "../../../../src/package/mod.ts";

Deno.test("limits of archives come from the settings of the same names", () => {
  const settings = { maxFiles: 7, maxRatio: 3, port: 6881 };
  assert.deepEqual(archiveLimitsOf(settings), {
    ...defaultArchiveLimits,
    maxFiles: 7,
    maxRatio: 3,
  });
});

Deno.test("a limit that is no setting keeps its default", () => {
  assert.deepEqual(archiveLimitsOf({}), defaultArchiveLimits);
});
