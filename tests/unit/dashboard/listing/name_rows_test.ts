/** Tests the rows of the list of names. */

import assert from "node:assert/strict";
import type { NameJson } from "../../../../src/control/mod.ts";
import {
  compareNamesBy,
  matches,
  nameRowOf,
  wordsOf,
} from "../../../../src/dashboard/listing/mod.ts";

const row = (name: string, more: Partial<NameJson> = {}) =>
  nameRowOf({ name, publisher: "ed25519:AAAA", byHand: false, sinceMs: 1, ...more });

function sorted(rows: ReturnType<typeof row>[], column: string, descending = false): string[] {
  return rows.toSorted(compareNamesBy({ column, descending })).map(({ entry }) => entry.name);
}

Deno.test("names sort by version as versions, and names without one come last", () => {
  const rows = [row("none"), row("ten", { version: "1.10.0" }), row("nine", { version: "1.9.0" })];
  assert.deepEqual(sorted(rows, "version"), ["nine", "ten", "none"]);
  assert.deepEqual(sorted(rows, "version", true), ["ten", "nine", "none"]);
});

Deno.test("names sort by any column, and equal ones by name, then by the first use", () => {
  const rows = [
    row("b", { sinceMs: 3 }),
    row("a", { sinceMs: 5, byHand: true, publisher: "ed25519:BBBB" }),
    row("b", { sinceMs: 1, publisher: "ed25519:CCCC" }),
  ];
  assert.deepEqual(sorted(rows, "since", true), ["a", "b", "b"]);
  assert.deepEqual(sorted(rows, "accepted"), ["a", "b", "b"]);
  const byName = rows.toSorted(compareNamesBy({ column: "no such column", descending: false }));
  assert.deepEqual(byName.map(({ entry }) => entry.sinceMs), [5, 1, 3]);
  assert.equal(new Set(rows.map(({ id }) => id)).size, 3);
});

Deno.test("names are found by name and key", () => {
  assert(matches(row("Tool"), wordsOf("tool aaaa")));
  assert(!matches(row("Tool"), wordsOf("bbbb")));
});
