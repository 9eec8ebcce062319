import assert from "node:assert/strict";
import {
  filterRows,
  searchTextOf,
  Slices,
  wordsOf,
} from "../../../../src/dashboard/listing/mod.ts";

const idle = { now: () => 0, pause: () => Promise.resolve() };

function filtered(texts: string[][], typed: string): Promise<string[]> {
  const rows = texts.map((each) => ({ searchText: searchTextOf(...each), text: each.join("|") }));
  return filterRows(rows, wordsOf(typed), new Slices(idle))
    .then((found) => found.map(({ text }) => text));
}

Deno.test("every word of the filter must occur in some text of the row, in any case", async () => {
  const rows = [["left-pad", "1.0.0"], ["Left-Pad", "2.0.0"], ["right-pad", "1.0.0"]];
  assert.deepEqual(await filtered(rows, "LEFT 1.0"), ["left-pad|1.0.0"]);
  assert.deepEqual(await filtered(rows, "pad"), rows.map((row) => row.join("|")));
  assert.deepEqual(await filtered(rows, "pad up"), []);
});

Deno.test("a filter of white space shows everything", async () => {
  assert.deepEqual(await filtered([["a"], ["b"]], "  \t "), ["a", "b"]);
});

Deno.test("a word does not match across the border of two texts", async () => {
  assert.deepEqual(await filtered([["ab", "cd"]], "abcd"), []);
});

Deno.test("characters that mean something in a pattern are plain characters", async () => {
  assert.deepEqual(await filtered([["a.b"], ["axb"], ["(("]], "a.b"), ["a.b"]);
  assert.deepEqual(await filtered([["a.b"], ["(("]], "(("), ["(("]);
});

Deno.test("filtering ten thousand rows yields between slices", async () => {
  let [looks, pauses] = [0, 0];
  const clock = { now: () => 5 * looks++, pause: () => Promise.resolve(void pauses++) };
  const rows = Array.from({ length: 10_000 }, (_, index) => ({ searchText: `name-${index}` }));
  const found = await filterRows(rows, ["name-99"], new Slices(clock));
  assert.equal(found.length, 111);
  assert(pauses >= 50, `${pauses} pauses`);
});
