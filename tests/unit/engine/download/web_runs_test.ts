import assert from "node:assert/strict";
import { nextRun, type Run, segmentsOf } from "../../../../src/engine/download/web_runs.ts";

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
});

Deno.test("a web seed keeps one piece, however slow it is", () => {
  const slow = { next: 0, end: 3 };
  assert.deepEqual(runOf("...", [slow]), { next: 2, end: 3 });
  assert.deepEqual(runOf("..x", [slow]), { next: 1, end: 2 });
  assert.deepEqual(runOf(".xx", [slow]), undefined);
});

Deno.test("a run is fetched by segments, between which much is there already", () => {
  const KIB = 1_024;
  const missing = (index: number) =>
    [
      [{ startBytes: 60 * KIB, endBytes: 64 * KIB }],
      [{ startBytes: 0, endBytes: 10 * KIB }, { startBytes: 20 * KIB, endBytes: 21 * KIB }],
      [{ startBytes: 40 * KIB, endBytes: 64 * KIB }],
    ][index]!;
  const run = { next: 0, end: 3 };
  assert.deepEqual(segmentsOf(run, 64 * KIB, missing), [
    // The 10 KiB between two missing ranges cost less than a request.
    { startBytes: 60 * KIB, endBytes: 85 * KIB },
    { startBytes: 168 * KIB, endBytes: 192 * KIB },
  ]);
  assert.deepEqual(segmentsOf({ ...run, isWhole: true }, 64 * KIB, missing), [
    { startBytes: 0, endBytes: 192 * KIB },
  ]);
  assert.deepEqual(segmentsOf({ next: 1, end: 1 }, 64 * KIB, missing), []);
});
