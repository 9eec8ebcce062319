/** Tests the rules by which a router's clock shows a restart. */

import assert from "node:assert/strict";
import { Epoch, natPmpEpochRule, pcpEpochRule } from "../../../src/router/epoch.ts";

Deno.test("an epoch that stands still, goes back or jumps means a restart", () => {
  const restarts = (rule: typeof pcpEpochRule, first: number, second: number, elapsed: number) => {
    const epoch = new Epoch(rule);
    assert.equal(epoch.note(first, 0), false, "the first answer says nothing");
    return epoch.note(second, elapsed * 1_000);
  };
  for (const rule of [pcpEpochRule, natPmpEpochRule]) {
    assert.equal(restarts(rule, 1_000, 1_600, 600), false);
    assert.equal(restarts(rule, 1_000, 1_601, 602), false);
    assert.equal(restarts(rule, 1_000, 1_000, 0), false);
    assert.equal(restarts(rule, 1_000, 0, 60), true);
    assert.equal(restarts(rule, 1_000, 1_000, 60), true);
    assert.equal(restarts(rule, 10, 60, 600), true, "restarted 540 s ago");
  }
  assert.equal(restarts(pcpEpochRule, 1_000, 2_000, 60), true, "PCP: too fast");
  assert.equal(restarts(natPmpEpochRule, 1_000, 2_000, 60), false, "NAT-PMP: fast is allowed");
  assert.equal(restarts(natPmpEpochRule, 1_000, 1_527, 600), false, "an eighth slow is allowed");
});
