/** Tests that the suite runs every group of checks. */

import assert from "node:assert/strict";
import { checks } from "./checks.ts";

Deno.test("every group of checks has a test file, which registers it", async () => {
  for (const group of Object.keys(checks)) {
    const source = await Deno.readTextFile(new URL(`./${group}_test.ts`, import.meta.url));
    assert(source.includes(`await registerChecks("${group}");`), group);
  }
});
