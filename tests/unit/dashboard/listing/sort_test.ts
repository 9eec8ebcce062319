import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compareValues,
  Slices,
  sortRows,
  versionKeyOf,
} from "../../../../src/dashboard/listing/mod.ts";

const idle = { now: () => 0, pause: () => Promise.resolve() };

Deno.test("sorting equals the native stable sort, however many rows", async () => {
  const rows = fc.array(fc.record({ key: fc.nat(20), id: fc.nat() }), { maxLength: 1500 });
  await fc.assert(
    fc.asyncProperty(rows, async (given) => {
      const compare = (a: { key: number }, b: { key: number }) => a.key - b.key;
      assert.deepEqual(await sortRows(given, compare, new Slices(idle)), given.toSorted(compare));
    }),
    { numRuns: 50 },
  );
});

Deno.test("sorting ten thousand rows yields between slices and leaves the given array alone", async () => {
  let [looks, pauses] = [0, 0];
  const clock = { now: () => 5 * looks++, pause: () => Promise.resolve(void pauses++) };
  const rows = Array.from({ length: 10_000 }, (_, index) => (index * 7919) % 10_007);
  const before = [...rows];
  const sorted = await sortRows(rows, (a, b) => a - b, new Slices(clock));
  assert.deepEqual(sorted, before.toSorted((a, b) => a - b));
  assert.deepEqual(rows, before);
  assert(pauses >= 50, `${pauses} pauses`);
});

Deno.test("a sort ends when a newer one has aborted it", async () => {
  let looks = 0;
  const clock = { now: () => 5 * looks++, pause: () => Promise.resolve() };
  const rows = Array.from({ length: 2000 }, (_, index) => -index);
  const slices = new Slices(clock, AbortSignal.abort(new Error("newer")));
  await assert.rejects(sortRows(rows, (a, b) => a - b, slices), /newer/);
});

Deno.test("absent values come last in both directions", () => {
  for (const descending of [false, true]) {
    const values = [undefined, 2, 1, undefined, 3];
    values.sort((a, b) => compareValues(a, b, descending));
    // Native sort moves undefined to the end by itself, so the comparison is asked directly too.
    assert.equal(compareValues(undefined, 1, descending), 1);
    assert.equal(compareValues(1, undefined, descending), -1);
    assert.deepEqual(values.slice(0, 3), descending ? [3, 2, 1] : [1, 2, 3]);
  }
  assert.equal(compareValues("a", "a"), 0);
});

Deno.test("keys of versions order them by precedence", () => {
  const ordered = [
    ...["not a version", "0.9.0", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1"],
    ...["1.0.0-alpha.beta", "1.0.0-alpha-b", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"],
    ...["1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0", "10.0.0"],
  ];
  const shuffled = [...ordered].reverse();
  shuffled.sort((a, b) => compareValues(versionKeyOf(a), versionKeyOf(b)));
  assert.deepEqual(shuffled, ordered);
  assert.equal(versionKeyOf("1.0.0+build"), versionKeyOf("1.0.0"));
});
