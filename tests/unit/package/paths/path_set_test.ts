/**
 * Collisions of paths on a case-insensitive file system, compared with a simple model that checks
 * every pair of paths.
 *
 * @module
 */

import assert from "node:assert/strict";
import { foldName } from "../../../../src/package/paths/fold.ts";
import { NameTable } from "../../../../src/package/paths/name_table.ts";
import { comparePaths } from "../../../../src/package/paths/path_rules.ts";
import { PathSet } from "../../../../src/package/paths/path_set.ts";
import { defaultArchiveLimits } from "../../../../src/package/mod.ts";

/** Makes a pseudorandom number generator from a seed (Park and Miller). */
function randomNumbers(seed: number): (below: number) => number {
  return (below) => (seed = seed * 48_271 % 2_147_483_647) % below;
}

/** Returns the parent directories of a path, outermost first, and the path itself. */
function levels(path: string): string[] {
  const components = path.split("/");
  return components.map((_, i) => components.slice(0, i + 1).join("/"));
}

/** Whether one archive can contain both files without a collision. */
function agree(a: string, b: string): boolean {
  const [as, bs] = [levels(a), levels(b)];
  for (let i = 0; i < Math.min(as.length, bs.length); i++) {
    if (foldName(as[i]!) !== foldName(bs[i]!)) return true;
    if (as[i] !== bs[i] || i === as.length - 1 || i === bs.length - 1) return false;
  }
  return true;
}

/** Returns the index of the first path that collides with an earlier one. */
function firstRefused(paths: readonly string[]): number {
  return paths.findIndex((path, i) => paths.slice(0, i).some((before) => !agree(before, path)));
}

/** A hash table in which all names share four hash values, so that hashes collide often. */
class Crowded extends NameTable {
  override hash(parent: number, name: string): number {
    return super.hash(parent, name) & 3;
  }
}

const NAMES = ["a", "A", "b", "a-", "a.b", "\u00e9", "e\u0301", "\u00c9", "ss", "\u00df", "z"];

for (const [when, table] of [["", NameTable], [" when hashes are equal", Crowded]] as const) {
  Deno.test(`a path set refuses the paths that a model refuses, in any order${when}`, () => {
    const random = randomNumbers(7);
    let refusals = 0;
    for (let round = 0; round < 3_000; round++) {
      const paths = Array.from({ length: 2 + random(8) }, () => {
        const depth = 1 + random(4);
        return Array.from({ length: depth }, () => NAMES[random(NAMES.length)]).join("/");
      });
      const sorted = [...paths].sort(comparePaths);
      for (const order of [paths, sorted]) {
        const set = new PathSet(defaultArchiveLimits, new table());
        const refused = order.findIndex((path) => {
          const problem = set.add(path);
          assert(problem === undefined || problem.code === "PATH_COLLISION", problem?.message);
          return problem !== undefined;
        });
        assert.equal(refused, firstRefused(order), order.join(" "));
        if (refused !== -1) refusals++;
      }
    }
    assert(refusals > 1_000 && refusals < 5_900, `${refusals} refusals`);
  });
}

Deno.test("a path set counts distinct directories, in any order", () => {
  const random = randomNumbers(11);
  for (let round = 0; round < 500; round++) {
    const paths = new Set<string>();
    for (let i = 0; i < 12; i++) {
      const depth = random(4);
      paths.add([...Array.from({ length: depth }, () => `d${random(3)}`), `f${i}`].join("/"));
    }
    const distinct = new Set([...paths].flatMap((path) => levels(path).slice(0, -1))).size;
    for (const [maxDirectories, fits] of [[distinct, true], [distinct - 1, false]] as const) {
      if (maxDirectories < 0) continue;
      const set = new PathSet({ ...defaultArchiveLimits, maxDirectories });
      const refused = Iterator.from(paths).map((path) => set.add(path)?.code).find(Boolean);
      assert.equal(refused, fits ? undefined : "TOO_MANY_DIRECTORIES");
    }
  }
});

Deno.test("length and depth include the part that a path shares with the path before it", () => {
  const directory = "\u00e9\u6587\u{1f600}/b/";
  const lengthBytes = 2 + 3 + 4 + 1 + 2;
  const limits = { ...defaultArchiveLimits, maxPathBytes: lengthBytes + 5 };
  const cases = [
    ["vwxyz", undefined],
    ["uvwxyz", "PATH_TOO_LONG"],
    ["\u6587\u00e9", undefined],
    ["\u6587\u6587", "PATH_TOO_LONG"],
    ["c/d/e", undefined],
    ["", "PATH_REFUSED"],
    [".", "PATH_REFUSED"],
    ["\u0001", "PATH_REFUSED"],
    ["\ud800", "PATH_REFUSED"],
  ] as const;
  for (const [name, code] of cases) {
    for (const before of ["a", `${directory}a`, `${directory}0/a`]) {
      const set = new PathSet(limits);
      assert.equal(set.add(before), undefined);
      assert.equal(set.add(directory + name)?.code, code, `${name} after ${before}`);
    }
  }
  for (const before of ["a", "1/2/3/4"]) {
    const set = new PathSet({ ...defaultArchiveLimits, maxDepth: 3 });
    assert.equal(set.add(before), undefined);
    assert.equal(set.add("1/2/3/5"), undefined);
    assert.equal(set.add("1/2/3/6/7")?.code, "PATH_TOO_DEEP");
  }
});

Deno.test("a collision is found among thousands of names", () => {
  const set = new PathSet(defaultArchiveLimits);
  for (let i = 0; i < 5_000; i++) assert.equal(set.add(`dir/File ${i}`), undefined);
  assert.equal(set.add("other"), undefined);
  assert.match(set.add("dir/file 17")!.message, /^"dir\/file 17" and "dir\/File 17" are the same/);
});
