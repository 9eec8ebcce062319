import assert from "node:assert/strict";
import { defaultArchiveLimits } from "../../../src/package/mod.ts";
import { foldName } from "../../../src/package/fold.ts";
import { PathSet } from "../../../src/package/paths.ts";
import vectors from "../../vectors/paths.json" with { type: "json" };
import { inDirectory, manifestEntry, packIn, refusal } from "./support.ts";

const collides = (a: string, b: string) => {
  const set = new PathSet(defaultArchiveLimits);
  assert.equal(set.add(a), undefined);
  return set.add(b)?.code === "PATH_COLLISION";
};

for (const group of vectors.groups) {
  const points = Array.from(group[0]!, (c) => c.codePointAt(0)!.toString(16)).join(" ");
  Deno.test(`vector: paths that fold like ${points} are equal, and no others`, () => {
    for (const path of group) {
      for (const other of vectors.groups.flat()) {
        assert.equal(collides(path, other), group.includes(other), `${path} and ${other}`);
      }
    }
  });
}

Deno.test("a name is folded the same way twice", () => {
  for (const path of vectors.groups.flat()) {
    assert.equal(foldName(foldName(path)), foldName(path), path);
  }
});

inDirectory("packing and reading refuse capital sharp s beside ss", async (dir) => {
  const tree = { "stra\u1e9ee": "1", strasse: "2" };
  await refusal(packIn(dir, tree), "PATH_COLLISION");
  assert.throws(() => manifestEntry(tree), { code: "MANIFEST_INVALID" });
});
