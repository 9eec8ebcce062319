import assert from "node:assert/strict";
import { join } from "node:path";
import { concatBytes, toHex } from "../../../../src/base/mod.ts";
import {
  inDirectory,
  listOf,
  noise,
  packIn,
  type Tree,
} from "../../../support/package_archives.ts";

/** Files of 400 bytes to 40 KB, and two large ones. About 10 MB. */
function version1(): Tree {
  const small = Array.from({ length: 600 }, (_, i): [string, Uint8Array] => [
    `lib/${Math.floor(i / 20)}/file-${i % 20}.js`,
    noise(400 + i * 131 % 8000, i).map((byte) => 97 + byte % 16),
  ]);
  const large = noise(4_000_000, 1000);
  const text = noise(3_000_000, 1001).map((byte) => 97 + byte % 20);
  return { ...Object.fromEntries(small), "large.bin": large, "text.js": text };
}

/** Packs a tree, and returns the members with their lengths. */
async function membersOf(dir: string, tree: Tree, version: string) {
  const packed = await packIn(join(dir, version), tree, { version });
  const archive = await Deno.readFile(packed.archivePath);
  return listOf(archive).members.map(({ hash, lengthBytes }) => ({
    hash: toHex(hash),
    lengthBytes,
  }));
}

const changes: Record<string, (tree: Tree) => Tree> = {
  "another version alone": (tree) => tree,
  "a byte that is inserted in a large file": (tree) => {
    const large = tree["large.bin"] as Uint8Array;
    const other = concatBytes(
      large.subarray(0, 100_000),
      Uint8Array.of(7),
      large.subarray(100_000),
    );
    return { ...tree, "large.bin": other };
  },
  "a line that is added to a large text": (tree) => {
    const text = tree["text.js"] as Uint8Array;
    return { ...tree, "text.js": concatBytes(text.subarray(0, 9), noise(80, 1), text.subarray(9)) };
  },
  "a small file that is added": (tree) => ({ ...tree, "lib/13/added.js": "new" }),
  "a small file that is changed": (tree) => ({ ...tree, "lib/7/file-3.js": noise(9000, 77) }),
  "a small file that is removed": (tree) => {
    const { ["lib/4/file-11.js"]: _, ...rest } = tree;
    return rest;
  },
  "a mode that is changed": (tree) => {
    const { ["lib/2/file-2.js"]: contents, ...rest } = tree;
    return { ...rest, "!lib/2/file-2.js": contents! };
  },
};

const tree = version1();
/** The members of version 1.0.0, which the first test packs for all. */
let packed: ReturnType<typeof membersOf> | undefined;

for (const [name, change] of Object.entries(changes)) {
  inDirectory(`archives share nearly all members after ${name}`, async (dir) => {
    const before = await (packed ??= membersOf(dir, tree, "1.0.0"));
    const after = await membersOf(dir, change(tree), "1.0.1");
    const had = new Set(before.map(({ hash }) => hash));
    const fresh = after.filter(({ hash }) => !had.has(hash));
    assert.ok(after.length > 60, `${after.length} members`);
    // The version is in the first member of the manifest, the signature in the last.
    assert.ok(fresh.length >= 1 && fresh.length <= 7, `${fresh.length} members are new`);
    const sum = (members: typeof after) => members.reduce((all, m) => all + m.lengthBytes, 0);
    const share = sum(fresh) / sum(after);
    assert.ok(share < 0.08, `${share} of the archive is new`);
  });
}
