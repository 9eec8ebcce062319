/** Tests the table of secrets. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { StateDatabase } from "../../../../src/store/mod.ts";
import { temporaryHome } from "../../../support/mod.ts";

Deno.test("a secret is random, and the same after the state is opened again", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "state.db");
  const clock = { now: () => 0, after: () => assert.fail("the state sets no timers") };
  const secretOf = (name: string) => {
    using state = StateDatabase.open(path, clock);
    return state.secrets.get(name);
  };
  const first = secretOf("one");
  assert.equal(first.length, 32);
  assert.deepEqual(secretOf("one"), first);
  assert.notDeepEqual(secretOf("two"), first);
});
