import assert from "node:assert/strict";
import { NameTable } from "../../../../src/package/paths/name_table.ts";
import type { PathLimits } from "../../../../src/package/paths/path_rules.ts";
import { PathSet } from "../../../../src/package/paths/path_set.ts";
import {
  type ArchiveLimits,
  contentHash,
  defaultArchiveLimits,
  serializeFull,
  verifyArchive,
} from "../../../../src/package/mod.ts";
import {
  archiveOf,
  gzip,
  inDirectory,
  makeTar,
  manifestEntry,
  packIn,
  refusal,
  sha256,
  signer,
  type Tree,
  unverified,
} from "../../../support/package_archives.ts";
import { signedFull } from "../../../support/signed.ts";

const tree: Tree = { "a/b/c": "1", "a/b/d": "2", "a/e/f": "3", "g": "4" };
/**
 * Limits that the tree reaches exactly: three directories (a, a/b and a/e), a depth of 2, 16 bytes
 * of paths.
 */
const exact = { maxDirectories: 3, maxDepth: 2, maxPathsBytes: 16 };

const tooFew: [string, Partial<ArchiveLimits>][] = [
  ["TOO_MANY_DIRECTORIES", { maxDirectories: 2 }],
  ["PATH_TOO_DEEP", { maxDepth: 1 }],
  ["PATHS_TOO_LONG", { maxPathsBytes: 15 }],
];

for (const [code, change] of tooFew) {
  const [name] = Object.keys(change);
  inDirectory(`${name} holds for packing and for reading`, async (dir) => {
    const limits = { ...defaultArchiveLimits, ...exact, ...change };
    await refusal(packIn(dir, tree, { limits }), code);
    const entries = Object.entries(tree).map(([name, contents]) => ({ name, contents }));
    const tar = await makeTar([manifestEntry(tree), ...entries]);
    const options = await archiveOf(dir, gzip(tar));
    await unverified({ ...options, limits }, "full-manifest", "MANIFEST_INVALID");
    const enough = { ...limits, ...exact };
    await verifyArchive({ ...options, limits: enough });
    await packIn(dir, tree, { limits: enough });
  });
}

Deno.test("each limit of paths holds in a path set by itself", () => {
  const add = (limits: Partial<PathLimits>, paths: string[]) => {
    const set = new PathSet({ ...defaultArchiveLimits, ...limits });
    return paths.map((path) => set.add(path)?.code);
  };
  const deep = (depth: number) => `${"a/".repeat(depth)}f`;
  assert.deepEqual(add({}, [deep(64)]), [undefined]);
  assert.deepEqual(add({}, [deep(65)]), ["PATH_TOO_DEEP"]);
  assert.deepEqual(add({ maxDirectories: 0 }, ["a", "b"]), [undefined, undefined]);
  assert.deepEqual(add({ maxDirectories: 0 }, ["a/b"]), ["TOO_MANY_DIRECTORIES"]);
  // The limit counts bytes, not characters.
  assert.deepEqual(add({ maxPathsBytes: 16 }, ["é", "è", "a".repeat(12), "b"]), [
    undefined,
    undefined,
    undefined,
    "PATHS_TOO_LONG",
  ]);
});

/**
 * Paths in the order of an archive: the non-ASCII paths have 15 bytes together, the ASCII path has
 * 9.
 */
const mixed: Tree = { "dir/é": "1", "plain/two": "2", "é/a": "3", "é/ü": "4" };

inDirectory("paths beyond ASCII may take a quarter of the bytes of all paths", async (dir) => {
  const atBound = { ...defaultArchiveLimits, maxPathsBytes: 4 * 15 };
  const below = { ...defaultArchiveLimits, maxPathsBytes: 4 * 15 - 1 };
  await packIn(dir, mixed, { limits: atBound });
  const { message } = await refusal(packIn(dir, mixed, { limits: below }), "PATHS_TOO_LONG");
  assert.match(message, /not plain ASCII have more than 14 bytes together.+raise max-paths-size/);
  const entries = Object.entries(mixed).map(([name, contents]) => ({ name, contents }));
  const tar = await makeTar([manifestEntry(mixed), ...entries]);
  const options = await archiveOf(dir, gzip(tar));
  await verifyArchive({ ...options, limits: atBound });
  const reading = { ...options, limits: below };
  const error = await unverified(reading, "full-manifest", "MANIFEST_INVALID");
  assert.match(error.message, /not plain ASCII have more than 14 bytes together/);
  // The non-ASCII paths exceed their limit by one byte.
  const longer: Tree = { ...mixed, "é/üb": "5" };
  delete longer["é/ü"];
  await Deno.remove(`${dir}/in`, { recursive: true });
  await refusal(packIn(dir, longer, { limits: atBound }), "PATHS_TOO_LONG");
});

Deno.test("the default limits hold for 34,900 paths beyond ASCII of 60 bytes each", () => {
  using set = new PathSet(defaultArchiveLimits);
  const add = (path: string) => set.add(path)?.code;
  for (let i = 0; i < 34_900; i++) {
    const path = `${"é".repeat(27)}/${String(i).padStart(5, "0")}`;
    if (add(path) !== undefined) assert.fail(path);
  }
  assert.equal(add("x".repeat(255)), undefined);
});

Deno.test("a path that exceeds the limit for paths beyond ASCII is not folded", () => {
  let hashed = 0;
  class Counted extends NameTable {
    override hash(parent: number, name: string): number {
      hashed++;
      return super.hash(parent, name);
    }
  }
  const set = new PathSet({ ...defaultArchiveLimits, maxPathsBytes: 24 }, new Counted());
  assert.equal(set.add("ééé"), undefined);
  assert.equal(set.add("b/é")?.code, "PATHS_TOO_LONG");
  assert.equal(hashed, 1);
});

Deno.test("a directory is hashed once while its files follow each other", () => {
  // An archive of 2,000 paths in the same 64 directories has 2,000 file names and 64 directory
  // names.
  const paths = Array.from({ length: 2_000 }, (_, i) => `${"dir/".repeat(64)}${i}`);
  let hashed = 0;
  class Counted extends NameTable {
    override hash(parent: number, name: string): number {
      hashed++;
      return super.hash(parent, name);
    }
  }
  const set = new PathSet(defaultArchiveLimits, new Counted());
  for (const path of paths) assert.equal(set.add(path), undefined);
  assert.equal(hashed, 2_064);
  assert.deepEqual([...set.list], paths);
});

Deno.test("the message of a collision says whether a path is listed twice or spelled in two ways", () => {
  const problem = (a: string, b: string) => {
    const set = new PathSet(defaultArchiveLimits);
    assert.equal(set.add(a), undefined);
    return set.add(b)?.message;
  };
  assert.equal(problem("a", "a"), '"a" is listed twice.');
  assert.equal(problem("a", "a/b"), '"a" is listed twice, as a file and as a directory.');
  assert.equal(problem("a/b", "a"), '"a" is listed twice, as a file and as a directory.');
  assert.match(problem("x/A", "x/a/b")!, /^"x\/a" and "x\/A" are the same path/);
  assert.match(problem("x/a/b", "X/a/c")!, /^"X" and "x" are the same path/);
  assert.match(problem("a", "manifest.JSON")!, /keeps its own manifest/);
});

inDirectory("an archive with too few bytes for each file is refused", async (dir) => {
  const names = Array.from(
    { length: 10_001 },
    (_, i) => `d/${i}`.replace(/\d+$/, (d) => d.padStart(5, "0")),
  );
  const files = Object.fromEntries(names.map((name) => [name, ""]));
  const entries = names.map((name) => ({ name }));
  const tar = await makeTar([manifestEntry(files), ...entries]);
  const options = await archiveOf(dir, gzip(tar));
  assert.ok(options.minimal!.length < 10_001 * 32);
  await unverified(options, "archive-limits", "TOO_MANY_FILES");
  const limits = { ...defaultArchiveLimits, minBytesPerFile: 1 };
  await verifyArchive({ ...options, limits });
});

inDirectory(
  "an archive of files 495 directories deep is refused at its first path",
  async (dir) => {
    const names = Array.from({ length: 1_000 }, (_, i) => `d${i + 1_000}/${"a/".repeat(494)}a`);
    const files = Object.fromEntries(names.map((name) => [name, sha256("")]));
    const limits = { ...defaultArchiveLimits, maxDepth: 1_000, maxDirectories: 1_000_000 };
    const fields = { name: "hello", version: "1.0.0", files, contentHash: contentHash(files) };
    const full = signedFull(fields, signer);
    const manifest = { name: "manifest.json", contents: serializeFull(full) };
    const tar = await makeTar([manifest, ...names.map((name) => ({ name }))]);
    const options = await archiveOf(dir, gzip(tar));
    const error = await unverified(options, "full-manifest", "MANIFEST_INVALID");
    assert.match(error.message, /more than 64 directories deep/);
    await verifyArchive({ ...options, limits });
  },
);
