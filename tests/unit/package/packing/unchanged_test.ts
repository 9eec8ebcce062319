/**
 * Comparing a directory with its published package, if the rules for selecting files have changed
 * since the package was published.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type FullManifest,
  isUnchanged,
  selectDirectory,
  type SelectOptions,
} from "../../../../src/package/mod.ts";
import { TestIdentity } from "../../../support/identities.ts";
import { inDirectory, packIn, type Tree, writeTree } from "../../../support/package_archives.ts";

const named = { name: "hello", version: "1.0.0" };

/**
 * Packs a tree without selection rules, and compares the package with a selection that uses rules.
 */
async function published(dir: string, tree: Tree) {
  const { full } = await packIn(dir, tree, { leaveOut: "version-control" });
  return (options: Partial<SelectOptions> = {}) => unchanged(dir, full, options);
}

async function unchanged(
  dir: string,
  full: FullManifest,
  options: Partial<SelectOptions> = {},
) {
  const selection = await selectDirectory({ dir: join(dir, "in"), ...named, ...options });
  return await isUnchanged(full, selection, {});
}

const tree: Tree = {
  "a.js": "a",
  "secret.txt": "s",
  ".npmignore": "secret.txt\n/gone/\n",
  "node_modules/x/index.js": "x",
  "gone/x": "x",
  ".env.swp": "swap",
  "home/keys/publisher.key": "key",
};

inDirectory(
  "a package is unchanged whether or not its manifest says the unpacked size",
  async (dir) => {
    const signer = await new TestIdentity().certify();
    const { full } = await packIn(dir, tree, { signer });
    const { ext, ...older } = full;
    assert.deepEqual(ext, { unpackedBytes: 4 });
    assert.equal(await unchanged(dir, full), true);
    assert.equal(await unchanged(dir, older), true);
    await Deno.writeTextFile(join(dir, "in", "a.js"), "b");
    assert.equal(await unchanged(dir, older), false);
  },
);

inDirectory("a file that the rules leave out today does not make another package", async (dir) => {
  const isSame = await published(dir, tree);
  const neverPack = [join(dir, "in", "home")];
  assert.equal(await isSame({ neverPack }), true);
  // Files that the rules leave out may have changed or been removed.
  await writeTree(join(dir, "in"), { "secret.txt": "other", "node_modules/x/index.js": "other" });
  await Deno.remove(join(dir, "in", "gone"), { recursive: true });
  assert.equal(await isSame({ neverPack }), true);
  assert.equal(await isSame({ neverPack, leaveOut: "nothing" }), false);
});

inDirectory("a link that is left out today does not make another package", async (dir) => {
  await writeTree(join(dir, "in"), tree);
  await Deno.symlink("secret.txt", join(dir, "in", "linked.txt"));
  assert.equal(await (await published(dir, {}))(), true);
});

inDirectory("a file that was altered, added or removed makes another package", async (dir) => {
  const isSame = await published(dir, { ...tree, "b.js": "b" });
  const path = join(dir, "in", "b.js");
  assert.equal(await isSame(), true);
  await Deno.writeTextFile(path, "c");
  assert.equal(await isSame(), false);
  await Deno.remove(path);
  assert.equal(await isSame(), false);
  await Deno.writeTextFile(path, "b");
  assert.equal(await isSame(), true);
  await Deno.writeTextFile(join(dir, "in", "new.js"), "n");
  assert.equal(await isSame(), false);
});

inDirectory(
  "another description, name or time makes another package, another signature does not",
  async (dir) => {
    const { full } = await packIn(dir, { "a.js": "a", "package.json": JSON.stringify(named) });
    assert.equal(await unchanged(dir, full), true);
    assert.equal(await unchanged(dir, full, { version: "1.0.1" }), false);
    assert.equal(await unchanged(dir, { ...full, description: "other" }), false);
    const signature = `ed25519:${"A".repeat(86)}==`;
    assert.equal(await unchanged(dir, { ...full, signature }), true);
    const { full: timed } = await packIn(dir, {}, { sourceDateEpoch: 1 });
    assert.equal(await unchanged(dir, timed), false);
  },
);
