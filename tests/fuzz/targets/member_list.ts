/**
 * Fuzz target of the list at an archive's beginning: wherever a list leads, a reader of one file gets
 * this file, or refuses the archive.
 */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { concatBytes, utf8 } from "../../../src/base/mod.ts";
import { encodeMemberList, readMemberList } from "../../../src/package/archive/mod.ts";
import { PackageError, readFileOfBeginning } from "../../../src/package/mod.ts";
import { makeTar, manifestEntry, minimalFor, signer } from "../../support/package_archives.ts";
import type { Check, Target } from "../target.ts";

const files = {
  "a.txt": "a".repeat(3_000),
  "b.txt": "b".repeat(20),
  "c.txt": "c".repeat(9_000),
  "d.txt": "d",
};

/** Makes the members of an archive whose files begin in different members, and the right list. */
async function makeArchive() {
  const tar = await makeTar([
    manifestEntry(files),
    ...Object.entries(files).map(([name, contents]) => ({ name, contents, mode: 0o644 })),
  ]);
  const filesAt = tar.length - 1_024 - (512 + 3_072) - 1_024 - (512 + 9_216) - 1_024;
  // The second member has the first half of a.txt, the third the rest, b.txt, and some of c.txt.
  const cuts = [0, filesAt, filesAt + 2_000, filesAt + 8_000, tar.length];
  const members = cuts.slice(1).map((end, index) => gzipSync(tar.subarray(cuts[index], end)));
  const places = [[0, 0], [1, 0], [2, 1_584], [1, 6_336]] as const;
  const list = members.map(({ length }, index) => ({
    ...{ hash: new Uint8Array(16), lengthBytes: length },
    ...{ files: places[index]![0], firstFileAt: places[index]![1] },
  }));
  return { members: concatBytes(...members), list };
}

async function readFile(archive: Uint8Array, path: string): Promise<[Uint8Array, boolean]> {
  async function* parts(start: number, end: number) {
    yield await Promise.resolve(archive.slice(start, end));
  }
  const read: Uint8Array[] = [];
  let isLinear = false;
  const reading = readFileOfBeginning({
    ...{ minimal: minimalFor(archive), publicKey: signer.publicKey },
    chunks: parts(0, archive.length),
    range: parts,
    onNoPlace: () => isLinear = true,
  }, path);
  for await (const part of reading) read.push(part.slice());
  return [concatBytes(...read), isLinear];
}

async function open(): Promise<Check> {
  const { members, list } = await makeArchive();
  // The offsets above are right: no file has to be read from the beginning.
  for (const path of Object.keys(files)) {
    const [, isLinear] = await readFile(concatBytes(encodeMemberList(list), members), path);
    assert.ok(!isLinear, `${path} is not where the list has it`);
  }
  return {
    input: async (bytes) => {
      const archive = concatBytes(bytes, members);
      const read = readMemberList(archive, archive.length);
      if (read && "list" in read) {
        const { members, lengthBytes } = read.list;
        assert.deepEqual(encodeMemberList(members), archive.subarray(0, lengthBytes));
      }
      for (const [path, contents] of Object.entries(files)) {
        try {
          const [found] = await readFile(archive, path);
          assert.deepEqual(found, utf8(contents), `${path} has other contents`);
        } catch (error) {
          if (!(error instanceof PackageError) || error.kind !== "verification") throw error;
        }
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The fuzz targets of lists of members. */
export const memberListTargets: readonly Target[] = [{
  name: "member-list",
  maxBytes: 48 * 2 ** 20,
  cost: 50,
  seeds: async () => {
    const { list } = await makeArchive();
    const many = Array.from({ length: 600 }, (_, index) => ({ ...list[0]!, files: index % 3 }));
    return [
      encodeMemberList(list),
      encodeMemberList(list.map((member) => ({ ...member, firstFileAt: 512 }))),
      encodeMemberList([]),
      encodeMemberList(many),
      new Uint8Array(),
    ];
  },
  open,
}];
