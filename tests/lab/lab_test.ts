/**
 * Tests across the emulated internet: the properties of the lab, and the rows of its table in which
 * libreseed succeeds. Each check of `checks.ts` runs in namespaces of its own.
 */

import assert from "node:assert/strict";
import { interopTest } from "../support/interop_test_case.ts";
import { checks } from "./checks.ts";
import { enterLab, labNeeds } from "./enter.ts";

for (const name of Object.keys(checks)) {
  await interopTest(name, labNeeds, async () => {
    await using inside = enterLab(["check", name], Deno.env.get("LIBRESEED_BIN"));
    const { code, stdout, stderr } = await inside.result;
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^passed$/m);
  });
}
