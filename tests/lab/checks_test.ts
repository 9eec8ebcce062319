/** Tests that the suite runs every group of checks. */

import assert from "node:assert/strict";
import { checks, longChecks } from "./checks.ts";

Deno.test("every group of checks has a test file, which registers it", async () => {
  for (const group of Object.keys(checks)) {
    const source = await Deno.readTextFile(new URL(`./${group}_test.ts`, import.meta.url));
    assert(source.includes(`await registerChecks("${group}");`), group);
  }
});

Deno.test("each long check is one of a group", () => {
  const names = new Set(Object.values(checks).flatMap((group) => Object.keys(group)));
  assert.deepEqual([...longChecks].filter((name) => !names.has(name)), []);
});
