import assert from "node:assert/strict";
import { withoutStall } from "../../support/stalls.ts";

/** Keeps this thread from all other work. */
function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

Deno.test("a test that fails after a stall is run again", async () => {
  let runs = 0;
  await withoutStall(() => {
    if (++runs > 1) return Promise.resolve();
    stall(300);
    return Promise.reject(new Error("a connection has ended"));
  }, 250);
  assert.equal(runs, 2);
});

Deno.test("a test that fails after each stall fails", async () => {
  const failing = withoutStall(() => {
    stall(300);
    return Promise.reject(new Error("a connection has ended"));
  }, 250);
  await assert.rejects(failing, /a connection has ended/);
});

Deno.test("a test that fails without a stall is not run again", async () => {
  let runs = 0;
  const failing = withoutStall(() => {
    runs++;
    return Promise.reject(new Error("wrong"));
  }, Infinity);
  await assert.rejects(failing, /wrong/);
  assert.equal(runs, 1);
});
