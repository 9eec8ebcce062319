/**
 * Registers a group of checks as tests, each in a lab of its own.
 *
 * @module
 */

import assert from "node:assert/strict";
import { interopTest } from "../support/interop_test_case.ts";
import { checks, type Group } from "./checks.ts";
import { enterLab, labNeeds } from "./enter.ts";

/** Registers the checks of a group as tests. */
export async function registerChecks(group: Group): Promise<void> {
  for (const name of Object.keys(checks[group])) {
    await interopTest(name, labNeeds, async () => {
      await using inside = enterLab(["check", group, name], Deno.env.get("LIBRESEED_BIN"));
      const { code, stdout, stderr } = await inside.result;
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /^passed$/m);
    });
  }
}
