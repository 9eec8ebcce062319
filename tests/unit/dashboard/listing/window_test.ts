import assert from "node:assert/strict";
import fc from "fast-check";
import {
  MAX_WINDOW_ROWS,
  OVERSCAN_ROWS,
  rowAfterKey,
  segmentsOf,
} from "../../../../src/dashboard/listing/mod.ts";

Deno.test("the segments cover all rows once, in order, and hold a bounded number of rows", () => {
  const view = fc.record({
    offsetPx: fc.double({ min: -1e7, max: 1e7, noNaN: true }),
    heightPx: fc.double({ min: -10, max: 1e6, noNaN: true }),
    rowHeightPx: fc.double({ min: 0, max: 200, noNaN: true }),
  });
  const kept = fc.option(fc.integer({ min: -5, max: 10_005 }), { nil: undefined });
  fc.assert(fc.property(fc.nat(10_000), view, kept, (count, view, kept) => {
    let [next, rows] = [0, 0];
    for (const segment of segmentsOf(count, view, kept)) {
      assert.equal(segment.start, next);
      next = segment.kind === "gap" ? segment.start + segment.count : segment.end;
      assert(next > segment.start, "an empty segment");
      if (segment.kind === "rows") rows += segment.end - segment.start;
    }
    assert.equal(next, count);
    assert(rows <= MAX_WINDOW_ROWS + 1, `${rows} rows`);
  }));
});

Deno.test("the rows in sight and some around them are held", () => {
  const view = { offsetPx: 4000, heightPx: 400, rowHeightPx: 40 };
  const rows = segmentsOf(10_000, view).find(({ kind }) => kind === "rows")!;
  assert.deepEqual(rows, {
    kind: "rows",
    start: 100 - OVERSCAN_ROWS,
    end: 100 - OVERSCAN_ROWS + 11 + 2 * OVERSCAN_ROWS,
  });
});

Deno.test("the end of the list is held when the view is past it", () => {
  const view = { offsetPx: 1e6, heightPx: 400, rowHeightPx: 40 };
  assert.deepEqual(segmentsOf(100, view), [
    { kind: "gap", start: 0, count: 100 - 27 },
    { kind: "rows", start: 100 - 27, end: 100 },
  ]);
});

Deno.test("the row with the focus stays, above and below the window", () => {
  const view = { offsetPx: 4000, heightPx: 400, rowHeightPx: 40 };
  for (const kept of [3, 9000]) {
    const rows = segmentsOf(10_000, view, kept).filter(({ kind }) => kind === "rows");
    assert.equal(rows.length, 2);
    assert(rows.some((segment) => segment.start === kept));
  }
});

Deno.test("an empty list has no segments", () => {
  assert.deepEqual(segmentsOf(0, { offsetPx: 0, heightPx: 500, rowHeightPx: 40 }, 0), []);
});

Deno.test("keys move the focus and stop at the ends", () => {
  const moves: [key: string, from: number, to: number | undefined][] = [
    ["ArrowDown", 5, 6],
    ["ArrowUp", 5, 4],
    ["ArrowUp", 0, 0],
    ["ArrowDown", 99, 99],
    ["PageDown", 5, 15],
    ["PageDown", 95, 99],
    ["PageUp", 5, 0],
    ["Home", 50, 0],
    ["End", 50, 99],
    ["a", 5, undefined],
    ["toString", 5, undefined],
  ];
  for (const [key, from, to] of moves) assert.equal(rowAfterKey(key, from, 100, 10), to, key);
  assert.equal(rowAfterKey("End", 0, 0, 10), undefined);
});
