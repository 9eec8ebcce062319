import assert from "node:assert/strict";
import { fromHex, toHex } from "../../../../src/base/mod.ts";
import {
  encodeMemberList,
  FILE_CUTS,
  hasMemberList,
  type ListedMember,
  MANIFEST_CUTS,
  readMemberList,
} from "../../../../src/package/archive/mod.ts";
import { seemsRandom } from "../../../../src/package/archive/random_looking.ts";
import { pieceLengthFor } from "../../../../src/package/mod.ts";
import { cutEntries } from "../../../support/cut_entries.ts";
import { listed, noise } from "../../../support/listed_archives.ts";
import { sha256 } from "../../../support/package_archives.ts";
import vectors from "../../../vectors/members.json" with { type: "json" };

type Contents = { noise: string; bytes: number } | { hex: string; bytes: number };

function contentsOf(contents: Contents): Uint8Array {
  if ("noise" in contents) return noise(contents.noise, contents.bytes);
  const part = fromHex(contents.hex)!;
  return new Uint8Array(contents.bytes).map((_, i) => part[i % part.length]!);
}

for (const { name, rule, entries, memberTarBytes } of vectors.cuts) {
  Deno.test(`vector: the cuts of ${name}`, () => {
    const bytes = (entries as Contents[]).map(contentsOf);
    const ends = cutEntries(rule === "manifest" ? MANIFEST_CUTS : FILE_CUTS, bytes);
    const total = bytes.reduce((sum, { length }) => sum + length, 0);
    const lengths = [...ends, total].map((end, i, all) => end - (all[i - 1] ?? 0));
    assert.deepEqual(lengths, memberTarBytes);
  });
}

for (const { name, contents, seemsRandom: expected } of vectors.random) {
  Deno.test(`vector: ${name} ${expected ? "seems" : "does not seem"} random`, () => {
    assert.equal(seemsRandom(contentsOf(contents as Contents)), expected);
  });
}

/** The members of a vector: those that it names, or as many as it says. */
function membersOf(vector: (typeof vectors.lists)[number]): ListedMember[] {
  if (vector.members) {
    return vector.members.map(({ hashHex, ...member }) => ({ hash: fromHex(hashHex)!, ...member }));
  }
  return Array.from({ length: vector.generated! }, (_, i) => ({
    hash: listed(new TextEncoder().encode(`member ${i}`)).hash,
    lengthBytes: 20 + i,
    files: i % 4096,
    firstFileAt: i % 4096 === 0 ? 0 : i * 512 % (1 << 20),
  }));
}

for (const vector of vectors.lists) {
  Deno.test(`vector: a list of ${vector.name}`, () => {
    const members = membersOf(vector);
    const list = encodeMemberList(members);
    assert.equal(list.length, vector.listBytes);
    assert.equal(sha256(list), vector.listSha256);
    if (vector.listHex !== undefined) assert.equal(toHex(list), vector.listHex);
    const read = readMemberList(list, vector.archiveBytes);
    assert.deepEqual(read, { list: { lengthBytes: list.length, members } });
  });
}

for (const { name, listHex, archiveBytes } of vectors.refused) {
  Deno.test(`vector: a list with ${name} counts as none`, () => {
    assert.equal(readMemberList(fromHex(listHex)!, archiveBytes), undefined);
  });
}

Deno.test("vector: the piece lengths of archives with and without a list", () => {
  for (const { lengthBytes, hasList, pieceBytes } of vectors.pieces) {
    assert.equal(pieceLengthFor(lengthBytes, { hasMemberList: hasList }), pieceBytes);
  }
  const { listHex } = vectors.lists.find(({ name }) => name === "two members")!;
  assert.equal(hasMemberList(fromHex(listHex!)!), true);
});
