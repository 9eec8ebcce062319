import assert from "node:assert/strict";
import {
  byPiece,
  orderedRanges,
  type ReusedRange,
} from "../../../../src/engine/download/reused_ranges.ts";

const range = (startBytes: number, endBytes: number): ReusedRange => ({ startBytes, endBytes });

Deno.test("ranges are put in order, and adjacent ones are merged", () => {
  const given = [range(50, 60), range(0, 10), range(10, 20), range(21, 30)];
  assert.deepEqual(orderedRanges(given, 60), [range(0, 20), range(21, 30), range(50, 60)]);
  assert.deepEqual(given[0], range(50, 60), "the caller's ranges are not altered");
  assert.deepEqual(orderedRanges([], 60), []);
});

Deno.test("ranges that make no sense are refused", () => {
  const bad: [string, ReusedRange[]][] = [
    ["overlap", [range(0, 10), range(9, 12)]],
    ["twice", [range(0, 10), range(0, 10)]],
    ["beyond the end", [range(0, 61)]],
    ["before the beginning", [range(-1, 5)]],
    ["empty", [range(5, 5)]],
    ["backwards", [range(6, 5)]],
    ["fractions", [range(0, 1.5)]],
    ["not a number", [range(NaN, 5)]],
    ["infinite", [range(0, Infinity)]],
    ["text", [range("0" as never, 5)]],
    ["too many", Array.from({ length: 65_537 }, (_, i) => range(2 * i, 2 * i + 1))],
    ["no list", {} as ReusedRange[]],
  ];
  for (const [name, ranges] of bad) {
    assert.throws(() => orderedRanges(ranges, name === "too many" ? 1e9 : 60), {
      code: "REUSE_INVALID",
    }, name);
  }
  const most = Array.from({ length: 65_536 }, (_, i) => range(2 * i, 2 * i + 1));
  assert.equal(orderedRanges(most, 1e9).length, 65_536);
});

Deno.test("ranges are divided by pieces", () => {
  const found = [...byPiece([range(3, 5), range(8, 32), range(45, 46)], 10)];
  assert.deepEqual(found, [
    { index: 0, known: [range(3, 5), range(8, 10)] },
    { index: 1, known: [range(0, 10)] },
    { index: 2, known: [range(0, 10)] },
    { index: 3, known: [range(0, 2)] },
    { index: 4, known: [range(5, 6)] },
  ]);
});
