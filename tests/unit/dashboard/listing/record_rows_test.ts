import assert from "node:assert/strict";
import type { RecordJson } from "../../../../src/control/mod.ts";
import {
  compareRecordsBy,
  errorGroupsOf,
  kindWords,
  recordRowOf,
} from "../../../../src/dashboard/listing/mod.ts";

function row(name: string, more: Partial<RecordJson> = {}) {
  return recordRowOf({
    kind: "manifest",
    name,
    version: "1.0.0",
    target: "0".repeat(40),
    seq: 1,
    own: true,
    holding: 8,
    asked: 8,
    responded: 8,
    weak: false,
    lastAttemptMs: 1,
    failures: 0,
    ...more,
  });
}

function sorted(rows: ReturnType<typeof row>[], column: string, descending = false): string[] {
  return rows.toSorted(compareRecordsBy({ column, descending })).map(({ label }) => label);
}

Deno.test("failed records come before weak ones, and among the weak those with fewest holders", () => {
  const rows = [
    row("well"),
    row("weak", { weak: true, holding: 3 }),
    row("new", { lastAttemptMs: undefined, holding: 0 }),
    row("weaker", { weak: true, holding: 1 }),
    row("failed", { failures: 2, holding: 0, weak: true }),
    row("wrong", { error: "no answer", holding: 5 }),
  ];
  const expected = ["failed", "wrong", "weaker", "weak", "new", "well"];
  assert.deepEqual(sorted(rows, "holders"), expected.map((name) => `${name}@1.0.0`));
});

Deno.test("records are sorted by label and by due time, those without one last", () => {
  const rows = [row("c", { nextDueMs: 1 }), row("a"), row("b", { nextDueMs: 2 })];
  assert.deepEqual(sorted(rows, "record"), ["a@1.0.0", "b@1.0.0", "c@1.0.0"]);
  assert.deepEqual(sorted(rows, "due"), ["c@1.0.0", "b@1.0.0", "a@1.0.0"]);
  assert.deepEqual(sorted(rows, "due", true), ["b@1.0.0", "c@1.0.0", "a@1.0.0"]);
});

Deno.test("a record without a package is labelled by its publisher, own ones as such", () => {
  const none = { name: undefined, version: undefined };
  assert.equal(
    recordRowOf({ ...row("x").record, ...none, publisher: "ed25519:KEY" }).label,
    "ed25519:KEY",
  );
  assert.equal(recordRowOf({ ...row("x").record, ...none, kind: "publisher" }).label, "own key");
  assert.equal(row("x", { kind: "name-index", version: undefined }).label, "x");
});

Deno.test("a kind that a newer daemon knows has a name too", () => {
  assert.equal(kindWords("torrent"), "Torrent");
  assert.equal(kindWords("toString" as "other"), "Other record");
});

Deno.test("errors are grouped by message, the most frequent first", () => {
  const rows = [
    row("a", { error: "rare" }),
    row("b", { error: "often" }),
    row("c"),
    row("d", { error: "often" }),
  ];
  assert.deepEqual(errorGroupsOf(rows), [
    { message: "often", count: 2, example: "b@1.0.0" },
    { message: "rare", count: 1, example: "a@1.0.0" },
  ]);
});
