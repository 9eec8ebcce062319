/**
 * Tests that no home, no seed directory, no output of packing and no link to one of them gets into a
 * package.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { inDirectory, packIn, refusal, writeTree } from "../../../support/package_archives.ts";
import { chosen, filesOf, named, select } from "./chosen.ts";

inDirectory("the home and the seed directory in use are never packed by any path", async (dir) => {
  await writeTree(dir, {
    ...filesOf("a.js .libreseed/keys/publisher.key deep/seed/a-1.0.0.tgz other/x"),
    "package.json": JSON.stringify({ ...named, main: ".libreseed/keys/publisher.key" }),
  });
  await Deno.symlink(join(dir, ".libreseed"), join(dir, "linked-home"));
  await Deno.symlink(".libreseed/keys/publisher.key", join(dir, "linked-key"));
  await Deno.symlink("..", join(dir, "other", "up"));
  await Deno.mkdir(join(dir, "way"));
  await Deno.symlink("../.libreseed/keys", join(dir, "way", "keys"));
  const neverPack = [join(dir, "linked-home"), join(dir, "deep", "seed"), join(dir, "not-there")];
  for (const leaveOut of ["rules", "version-control", "nothing"] as const) {
    await Deno.remove(join(dir, "other", "up")).catch(() => {});
    const paths = await chosen(dir, {}, { neverPack, leaveOut });
    assert.deepEqual(paths, ["a.js", "other/x", "package.json"], leaveOut);
  }
});

inDirectory(
  "a link to a home outside of the tree is left out and not refused",
  async (dir) => {
    await writeTree(dir, filesOf("in/a.js elsewhere/keys/publisher.key"));
    await Deno.symlink("../elsewhere", join(dir, "in", ".libreseed"));
    await Deno.symlink("../elsewhere/keys/publisher.key", join(dir, "in", "key"));
    const root = join(dir, "in");
    await refusal(select(root), "LINK_REFUSED");
    const selection = await select(root, { neverPack: [join(root, ".libreseed")] });
    assert.deepEqual(selection.files.map(({ path }) => path), ["a.js"]);
    assert.deepEqual(selection.skipped, [".libreseed", "key"]);
  },
);

inDirectory("a home itself cannot be packed, but a directory in it can", async (dir) => {
  await writeTree(dir, filesOf("keys/publisher.key work/a.js"));
  const neverPack = [dir, join(dir, "keys")];
  assert.equal((await refusal(select(dir, { neverPack }), "DIRECTORY_INVALID")).kind, "usage");
  await refusal(select(join(dir, "keys"), { neverPack }), "DIRECTORY_INVALID");
  assert.deepEqual(await chosen(join(dir, "work"), {}, { neverPack }), ["a.js"]);
});

inDirectory("a link is left out if its target is", async (dir) => {
  await writeTree(dir, {
    ...filesOf("a.js secret.txt data/x data/private.txt node_modules/m/i.js .git/config gone/x"),
    ".gitignore": "secret.txt\n/data/private.txt\ndangling\noutside\n/gone/\n",
  });
  for (
    const [target, path] of [
      ["secret.txt", "s"],
      ["data", "d"],
      ["node_modules/m", "m"],
      [".git/config", "g"],
      ["gone/x", "n"],
      ["nowhere", "dangling"],
      ["/etc", "outside"],
      ["a.js", "b.js"],
    ]
  ) await Deno.symlink(target!, join(dir, path!));
  const selection = await select(dir);
  assert.deepEqual(selection.files.map(({ path }) => path), ["a.js", "b.js", "d/x", "data/x"]);
  for (const path of ["s", "d/private.txt", "m", "g", "n", "dangling", "outside"]) {
    assert(selection.skipped.includes(path), path);
  }
});

inDirectory(
  "outputs of packing are left out at any place and under any name",
  async (dir) => {
    await writeTree(join(dir, "in"), { "a.js": "a" });
    await Deno.mkdir(join(dir, "in", "dist"));
    const outs = ["dist/any name.tgz", "other.tgz", "hello-1.0.0.tgz"];
    const sums = new Set<string>();
    for (const out of outs) {
      const { full, minimal } = await packIn(dir, {}, { out: join(dir, "in", out) });
      assert.deepEqual(Object.keys(full.files), ["a.js"]);
      sums.add(minimal.archiveSha256);
    }
    assert.equal(sums.size, 1);
    // Packing outputs of a different package are treated as ordinary files.
    await packIn(dir, {}, { name: "other", out: join(dir, "in", "dist", "b.tgz") });
    const { files } = await select(join(dir, "in"), { leaveOut: "nothing" });
    assert.deepEqual(files.map(({ path }) => path), [
      ...["a.js", "dist/b.minimal.json", "dist/b.tgz", "dist/b.torrent"],
    ]);
  },
);
