import assert from "node:assert/strict";
import { foldName } from "../../../../src/package/paths/fold.ts";
import { PathSet } from "../../../../src/package/paths/path_set.ts";
import { defaultArchiveLimits, parseFull } from "../../../../src/package/mod.ts";
import vectors from "../../../vectors/paths.json" with { type: "json" };
import { inDirectory, manifestEntry, packIn, refusal } from "../../../support/package_archives.ts";

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

Deno.test("folding a folded name changes nothing", () => {
  for (const path of vectors.groups.flat()) {
    assert.equal(foldName(foldName(path)), foldName(path), path);
  }
});

/** Reference implementation of folding: normalize, fold each character, normalize again. */
function foldByTheRule(name: string): string {
  const folded = Array.from(name.normalize("NFC"), (character) => {
    if (character === "\u0131") return character;
    return character.toLowerCase().toUpperCase().toLowerCase();
  });
  return folded.join("").normalize("NFC");
}

Deno.test("every character folds by the rule, composed and decomposed, with combining marks after it", () => {
  for (let point = 0x20; point < 0x110000; point++) {
    if (point >= 0xd800 && point < 0xe000) continue;
    const character = String.fromCodePoint(point);
    // Skip characters that are unchanged by folding and normalizing, except combining marks.
    const isPlain = character.toLowerCase() === character &&
      character.toUpperCase() === character &&
      character.normalize("NFD") === character && !/[\p{M}\u1100-\u11ff]/u.test(character);
    if (isPlain) continue;
    const decomposed = character.normalize("NFD");
    for (const form of [character, decomposed]) {
      for (const name of [form, `a${form}`, `${form}\u0345`, `${form}\u0301\u0345\u0323`]) {
        assert.equal(foldName(name), foldByTheRule(name), point.toString(16));
      }
    }
  }
});

Deno.test("a name longer than the fold buffer is folded to its end", () => {
  for (const character of ["\u00c9", "\u1e9e", "\u{10400}", "\ufb03", "\u0130", "\u{2f800}"]) {
    for (const length of [255, 1021, 1022, 1023, 1024, 5_000]) {
      const name = "x".repeat(length % 7) + character.repeat(length);
      assert.equal(foldName(name), foldByTheRule(name), `${length} of ${character}`);
    }
  }
});

inDirectory("packing and reading refuse capital sharp s beside ss", async (dir) => {
  const tree = { "stra\u1e9ee": "1", strasse: "2" };
  await refusal(packIn(dir, tree), "PATH_COLLISION");
  const { contents } = manifestEntry(tree);
  assert.throws(() => parseFull(contents as string), { code: "MANIFEST_INVALID" });
});
