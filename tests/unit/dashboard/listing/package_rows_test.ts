import assert from "node:assert/strict";
import type { PackageJson } from "../../../../src/control/mod.ts";
import { comparePackagesBy, packageRowOf, wordsOf } from "../../../../src/dashboard/listing/mod.ts";
import { matches } from "../../../../src/dashboard/listing/filter.ts";

function row(name: string, version: string, more: Partial<PackageJson> = {}) {
  const path = `/seed/${name}-${version}.tgz`;
  return packageRowOf({ name, version, path, lengthBytes: 1, seeding: true, ...more });
}

function sorted(rows: ReturnType<typeof row>[], column: string, descending = false): string[] {
  return rows.toSorted(comparePackagesBy({ column, descending }))
    .map(({ package: { name, version } }) => `${name}@${version}`);
}

Deno.test("a package is found by name and version together, publisher and problem", () => {
  const found = row("left-pad", "1.0.0", { publisher: "ed25519:KEY", problem: "No space left" });
  for (const typed of ["left-pad@1.0.0", "LEFT ed25519:key", "no space left", "pad 1.0"]) {
    assert(matches(found, wordsOf(typed)), typed);
  }
  assert(!matches(found, wordsOf("right")));
});

Deno.test("the state says first what is to be looked after", () => {
  assert.equal(row("a", "1.0.0").state, "seeding");
  assert.equal(row("a", "1.0.0", { findable: true }).state, "seeding");
  assert.equal(row("a", "1.0.0", { findable: false }).state, "not findable");
  assert.equal(row("a", "1.0.0", { seeding: false }).state, "not seeding");
  assert.equal(row("a", "1.0.0", { seeding: false, problem: "x" }).state, "problem");
  const rows = [
    row("fine", "1.0.0"),
    row("hidden", "1.0.0", { findable: false }),
    row("broken", "1.0.0", { seeding: false, problem: "x" }),
  ];
  assert.deepEqual(sorted(rows, "state"), ["broken@1.0.0", "hidden@1.0.0", "fine@1.0.0"]);
});

Deno.test("packages of one name follow each other, the newest version first", () => {
  const rows = [row("b", "1.0.0"), row("a", "1.9.0"), row("a", "1.10.0"), row("a", "1.10.0-rc.1")];
  const names = ["a@1.10.0", "a@1.10.0-rc.1", "a@1.9.0", "b@1.0.0"];
  assert.deepEqual(sorted(rows, "name"), names);
  assert.deepEqual(sorted(rows, "no such column"), names);
  assert.deepEqual(sorted(rows, "version"), ["b@1.0.0", "a@1.9.0", "a@1.10.0-rc.1", "a@1.10.0"]);
});

Deno.test("packages without a figure come last in both directions", () => {
  const rows = [
    row("a", "1.0.0"),
    row("b", "1.0.0", { peers: 2 }),
    row("c", "1.0.0", { peers: 0 }),
  ];
  assert.deepEqual(sorted(rows, "peers"), ["c@1.0.0", "b@1.0.0", "a@1.0.0"]);
  assert.deepEqual(sorted(rows, "peers", true), ["b@1.0.0", "c@1.0.0", "a@1.0.0"]);
});
