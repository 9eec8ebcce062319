/**
 * Registers a group of checks as tests, each in a lab of its own.
 *
 * @module
 */

import assert from "node:assert/strict";
import { interopTest } from "../support/interop_test_case.ts";
import { checks, type Group, longChecks } from "./checks.ts";
import { enterLab, labNeeds } from "./enter.ts";

/** Registers the checks of a group as tests: those of {@linkcode longChecks}, or the others. */
export async function registerChecks(group: Group, areLong = false): Promise<void> {
  for (const name of Object.keys(checks[group])) {
    if (longChecks.has(name) !== areLong) continue;
    await interopTest(name, labNeeds, async () => {
      await using inside = enterLab(["check", group, name], Deno.env.get("LIBRESEED_BIN"));
      const { code, stdout, stderr } = await inside.result;
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /^passed$/m);
    });
  }
}
