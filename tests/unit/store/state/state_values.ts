/**
 * Shorthands of the tests of the tables.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { StateDatabase } from "../../../../src/store/mod.ts";
import { temporaryHome } from "../../../support/mod.ts";

/** Calls a function with a new state, and removes the state. */
export async function withState(use: (state: StateDatabase) => void): Promise<void> {
  await using home = await temporaryHome();
  const clock = { now: () => 0, after: () => assert.fail("the state sets no timers") };
  using state = StateDatabase.open(join(home.path, "state.db"), clock);
  use(state);
}

/** Makes an array of equal bytes. */
export const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);
