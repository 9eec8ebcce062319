/**
 * Exit codes of errors and outcomes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type ErrorKind, LibreseedError } from "../../../../src/base/mod.ts";
import { OutputClosed } from "../../../../src/cli/process/errors.ts";
import {
  combineExitCodes,
  exitCodeOfError,
  exitCodeOfSignal,
} from "../../../../src/cli/process/exit_codes.ts";

Deno.test("each kind of error has its exit code", () => {
  const expected: Record<ErrorKind, number> = {
    "failed": 1,
    "usage": 2,
    "not-found": 3,
    "verification": 4,
    "network": 5,
    "in-use": 6,
  };
  for (const [kind, code] of Object.entries(expected)) {
    assert.equal(exitCodeOfError(new LibreseedError(kind as ErrorKind, "X", "x")), code);
  }
});

Deno.test("any other thrown value exits with 1", () => {
  for (
    const thrown of [new Error("x"), new TypeError("x"), "x", undefined, null, { kind: "usage" }]
  ) {
    assert.equal(exitCodeOfError(thrown), 1);
  }
});

Deno.test("a closed standard output and signals exit with 128 plus the signal's number", () => {
  assert.equal(exitCodeOfError(new OutputClosed()), 128 + 13);
  assert.equal(exitCodeOfSignal("SIGINT"), 128 + 2);
  assert.equal(exitCodeOfSignal("SIGTERM"), 128 + 15);
});

Deno.test("combineExitCodes reduces several outcomes to one exit code", () => {
  assert.equal(combineExitCodes([]), 0);
  assert.equal(combineExitCodes([0, 0]), 0);
  assert.equal(combineExitCodes([4]), 4);
  assert.equal(combineExitCodes([4, 4]), 4);
  assert.equal(combineExitCodes([3]), 3);
  assert.equal(combineExitCodes([0, 4]), 7);
  assert.equal(combineExitCodes([3, 0, 4]), 7);
  assert.equal(combineExitCodes([3, 4]), 4);
  assert.equal(combineExitCodes([3, 5]), 1);
});
