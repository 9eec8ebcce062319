/**
 * State databases and records for the tests of the state database.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { Clock } from "../../../../src/base/mod.ts";
import { StateDatabase, type StoredRecord, StoreError } from "../../../../src/store/mod.ts";
import { temporaryHome } from "../../../support/mod.ts";

/** A clock for states that need no timers. */
export const clock: Clock = {
  now: () => 1_763_800_000_000,
  after: () => assert.fail("the state sets no timers"),
};

/** Makes a directory for a state database, which is not there yet. */
export async function setUp() {
  const home = await temporaryHome();
  return {
    dir: home.path,
    path: join(home.path, "state.db"),
    [Symbol.asyncDispose]: () => home.remove(),
  };
}

/** Makes a stored record whose key is filled with a number. */
export function record(fill: number, change: Partial<StoredRecord> = {}): StoredRecord {
  return {
    target: new Uint8Array(20).fill(fill),
    kind: "manifest",
    item: {
      publicKey: new Uint8Array(32).fill(fill),
      salt: new Uint8Array(32).fill(fill),
      seq: 1,
      value: new Uint8Array(1000).fill(fill),
      signature: new Uint8Array(64).fill(fill),
    },
    own: true,
    createdMs: 1,
    ...change,
  };
}

/** Asserts that a call throws with a code, and returns the error. */
export function refusal(run: () => unknown, code: string): StoreError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.code, code, error.message);
    return error;
  }
  throw new assert.AssertionError({ message: `not refused with ${code}` });
}

/** Makes a state database with many records and closes it. */
export async function fill(path: string, count: number): Promise<void> {
  using state = StateDatabase.open(path, clock);
  state.transaction(() => {
    for (let i = 0; i < count; i++) {
      const target = crypto.getRandomValues(new Uint8Array(20));
      state.records.put(record(1, { target, name: `package-${i}`, version: "1.0.0" }));
    }
  });
  await Promise.resolve();
}
