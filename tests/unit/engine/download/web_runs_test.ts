import assert from "node:assert/strict";
import { nextRun, type Run } from "../../../../src/engine/download/web_runs.ts";

/** Returns the run for a text with a dot for each free piece. */
function runOf(pieces: string, others: Run[] = []): Run | undefined {
  return nextRun(pieces.length, (index) => pieces[index] === ".", others);
}

Deno.test("a web seed gets the longest run of free pieces, the first of equally long ones", () => {
  assert.deepEqual(runOf("....."), { next: 0, end: 5 });
  assert.deepEqual(runOf(".x..x..."), { next: 5, end: 8 });
  assert.deepEqual(runOf("x..x.."), { next: 1, end: 3 });
  assert.deepEqual(runOf("xxx"), undefined);
  assert.deepEqual(runOf(""), undefined);
});

Deno.test("pieces of another web seed's run are left to it", () => {
  const other = { next: 0, end: 4 };
  assert.deepEqual(runOf("......", [other]), { next: 4, end: 6 });
  assert.deepEqual(other, { next: 0, end: 4 });
});

Deno.test("the second half of the longest run of another web seed is taken if nothing else is free", () => {
  const [short, long] = [{ next: 6, end: 8 }, { next: 1, end: 6 }];
  assert.deepEqual(runOf("........", [short, long, { next: 0, end: 1 }]), { next: 4, end: 6 });
  assert.deepEqual([short, long], [{ next: 6, end: 8 }, { next: 1, end: 4 }]);
  assert.deepEqual(runOf("...", [{ next: 0, end: 3 }]), undefined, "too short to divide");
});
