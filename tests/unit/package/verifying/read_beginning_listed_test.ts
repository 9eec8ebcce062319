/** Tests that one file is read where an archive's list of members has it. */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { concatBytes } from "../../../../src/base/mod.ts";
import {
  encodeMemberList,
  type ListedMember,
  type MemberList,
} from "../../../../src/package/archive/mod.ts";
import { readFileOfBeginning } from "../../../../src/package/mod.ts";
import {
  inDirectory,
  listOf,
  makeTar,
  manifestEntry,
  minimalFor,
  packIn,
  refusal,
  signer,
} from "../../../support/package_archives.ts";
import { randomBytes } from "../../../support/torrents.ts";

const { publicKey } = signer;

/** Reads a file of an archive, and counts what of the archive is read for it. */
async function readFile(
  archive: Uint8Array,
  minimal: ReturnType<typeof minimalFor>,
  path: string,
) {
  const counted = { beginning: 0, ranges: 0, headBytes: 0, isLinear: false };
  async function* parts(start: number, end: number, count: (bytes: number) => void) {
    for (let at = start; at < end; at += 1_000) {
      const part = archive.slice(at, Math.min(at + 1_000, end));
      count(part.length);
      yield await Promise.resolve(part);
    }
  }
  const reading = readFileOfBeginning({
    ...{ minimal, publicKey },
    chunks: parts(0, archive.length, (bytes) => counted.beginning += bytes),
    range: (start, end) => parts(start, end, (bytes) => counted.ranges += bytes),
    onHead: (bytes) => counted.headBytes = bytes,
    onNoPlace: () => counted.isLinear = true,
  }, path);
  const read: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reading.next();
    if (done) return { bytes: concatBytes(...read), file: value, ...counted };
    read.push(value.slice());
  }
}

const small = Object.fromEntries(Array.from(
  { length: 400 },
  (_, i) => [`small/${`${i}`.padStart(3, "0")}`, randomBytes(i * 7, i)],
));
const tree = {
  "a/large.bin": randomBytes(1_800_000, 1),
  "b/half.bin": randomBytes(300_000, 2),
  "b/half.txt": "text ".repeat(300_000),
  "empty": "",
  ...small,
  "!tool": randomBytes(700_000, 3),
  [`${"long/".repeat(30)}path`]: "has a pax header",
  "ü": "has one, too",
  "z": "the last one",
};

inDirectory("each file is read from the members that hold it, and no byte more", async (dir) => {
  const { archivePath, minimal } = await packIn(dir, tree);
  const archive = await Deno.readFile(archivePath);
  const list = listOf(archive);
  let rangeBytes = 0;
  for (const [key, contents] of Object.entries(tree)) {
    const path = key.replace(/^!/, "");
    const expected = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
    const { bytes, file, beginning, ranges, headBytes, isLinear } = await readFile(
      archive,
      minimal,
      path,
    );
    assert.ok(bytes.length === expected.length && bytes.every((b, i) => b === expected[i]), path);
    assert.deepEqual(file, { sizeBytes: expected.length, executable: key.startsWith("!") });
    assert(!isLinear, path);
    // The parts that are counted have 1,000 bytes.
    assert(beginning < headBytes + 1_000, `${beginning} bytes of the beginning for ${path}`);
    const longest = Math.max(...list.members.map((member) => member.lengthBytes));
    assert(ranges <= expected.length + 2 * longest, `${ranges} bytes for ${path}`);
    rangeBytes = Math.max(rangeBytes, ranges);
  }
  assert(rangeBytes > 1_800_000 && rangeBytes < archive.length);
});

/** Replaces the list of an archive by an altered one of the same length. */
function withList(
  archive: Uint8Array,
  alter: (members: ListedMember[], list: MemberList) => void,
): Uint8Array {
  const list = listOf(archive);
  const members = list.members.map((member) => ({ ...member }));
  alter(members, list);
  return concatBytes(encodeMemberList(members), archive.subarray(list.lengthBytes));
}

const lies: Record<string, (members: ListedMember[]) => void> = {
  "no file begins anywhere": (members) => members.forEach((member) => member.files = 0),
  "each file begins a block later": (members) => {
    for (const member of members) if (member.files > 0) member.firstFileAt += 512;
  },
  "each file begins in the middle of a block": (members) => {
    for (const member of members) if (member.files > 0) member.firstFileAt += 100;
  },
  "each file begins behind its member": (members) => {
    for (const member of members) if (member.files > 0) member.firstFileAt = (1 << 20) - 1;
  },
  "there is a file more in the first member": (members) =>
    members.find(({ files }) => files > 0)!.files++,
  "there is a file less in the first member": (members) =>
    members.find(({ files }) => files > 0)!.files--,
  "each member has as many files as it can have": (members) =>
    members.forEach((member) => member.files = 4_095),
  "two members have each other's length": (members) => {
    const [one, other] = members.slice(-2) as [ListedMember, ListedMember];
    [one.lengthBytes, other.lengthBytes] = [other.lengthBytes, one.lengthBytes];
  },
  "the files begin in the manifest": (members) => members[0]!.files = 1,
};

for (const [lie, alter] of Object.entries(lies)) {
  inDirectory(`a list that lies leads to no other file: ${lie}`, async (dir) => {
    const packed = await packIn(dir, {
      "a.bin": randomBytes(400_000, 1),
      "b.txt": "b",
      "c.bin": randomBytes(400_000, 2),
      "d.txt": "d",
      "e.bin": randomBytes(90_000, 3),
    });
    const archive = await Deno.readFile(packed.archivePath);
    let linear = 0;
    for (const path of ["a.bin", "b.txt", "c.bin", "d.txt", "e.bin"]) {
      const altered = withList(archive, alter);
      const right = await readFile(archive, packed.minimal, path);
      const read = await readFile(altered, packed.minimal, path).catch((error) => error);
      if (read.isLinear) linear++;
      // A long file is given out as it comes, so it cannot be read again from another place.
      if (read instanceof Error) assert.match(read.message, /damaged|hash/, `${lie}: ${path}`);
      else assert.deepEqual(read.bytes, right.bytes, path);
      if (path.endsWith(".txt")) assert(!(read instanceof Error), String(read));
    }
    assert(linear > 0, "no file was read from the beginning");
  });
}

Deno.test("a list that leads to another file of the same name is not believed", async () => {
  // The first file's contents look like a tar with the second file.
  const fake = (await makeTar([{ name: "b.txt", contents: "fake", mode: 0o644 }])).subarray(
    0,
    1_024,
  );
  const files = { "a.bin": new TextDecoder().decode(fake), "b.txt": "true" };
  const tar = await makeTar([
    manifestEntry(files),
    ...Object.entries(files).map(([name, contents]) => ({ name, contents, mode: 0o644 })),
  ]);
  const filesAt = tar.length - 2 * 512 - (512 + 512) - (512 + fake.length);
  const members = [tar.subarray(0, filesAt), tar.subarray(filesAt)].map((part) => gzipSync(part));
  const archiveWith = (...places: { files: number; firstFileAt: number }[]) => {
    const list = members.map(({ length }, index) => ({
      ...{ hash: new Uint8Array(16), lengthBytes: length },
      ...places[index]!,
    }));
    return concatBytes(encodeMemberList(list), ...members);
  };
  const right = archiveWith({ files: 0, firstFileAt: 0 }, { files: 2, firstFileAt: 0 });
  const { bytes, isLinear } = await readFile(right, minimalFor(right), "b.txt");
  assert.deepEqual([new TextDecoder().decode(bytes), isLinear], ["true", false]);
  const wrong = archiveWith({ files: 1, firstFileAt: 0 }, { files: 1, firstFileAt: 512 });
  const read = await readFile(wrong, minimalFor(wrong), "b.txt");
  assert.deepEqual([new TextDecoder().decode(read.bytes), read.isLinear], ["true", true]);
  await refusal(readFile(wrong, minimalFor(wrong), "c.txt"), "FILE_NOT_IN_PACKAGE");
});

Deno.test("an archive without a list is read from its beginning", async () => {
  const tar = await makeTar([
    manifestEntry({ "a.txt": "a", "b.txt": "b" }),
    { name: "a.txt", contents: "a", mode: 0o644 },
    { name: "b.txt", contents: "b", mode: 0o755 },
  ]);
  const archive = gzipSync(tar);
  const { bytes, file, ranges, headBytes, isLinear } = await readFile(
    archive,
    minimalFor(archive),
    "b.txt",
  );
  assert.deepEqual([new TextDecoder().decode(bytes), file.executable], ["b", true]);
  assert.deepEqual([ranges, headBytes, isLinear], [0, 0, true]);
});
