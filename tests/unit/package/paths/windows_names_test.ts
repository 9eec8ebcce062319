/**
 * Paths that Windows cannot hold: packing reports them, unpacking on Windows refuses them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { unusableOnWindows } from "../../../../src/package/paths/windows_names.ts";
import { describeUnusable, verifyArchive } from "../../../../src/package/mod.ts";
import { inDirectory, listTree, packIn, refusal } from "../../../support/package_archives.ts";

Deno.test("device names, characters and endings that Windows cannot hold are found", () => {
  const unusable = [
    ...["con", "CON", "Prn", "aux", "nul", "nul.txt", "src/nul.tar.gz", "con/a.js", "con .txt"],
    ...["com1", "COM9.log", "lpt1", "lpt9", "com¹", "COM²", "lpt³.txt", "conin$", "CONOUT$.txt"],
    ...["a:b", "a<b", "a>b", 'a"b', "a|b", "a?", "a*", "x/a:b/y", "a\\b"],
    ...["a.", "a ", "dir./x", "dir /x", "..."],
  ];
  for (const path of unusable) assert(unusableOnWindows(path) !== undefined, path);
  const usable = [
    ...["console", "con1", "com", "com10", "com0", "lpt", "nula", "xcon", "a.con", "auxiliary.js"],
    ...[".env", ".a", "a b", "a..b", "ä/ö.txt", "conin", "$conin$", "a'b`c[d]{e}", "com⁴"],
  ];
  for (const path of usable) assert.equal(unusableOnWindows(path), undefined, path);
});

Deno.test("a description names the first twenty paths with their reasons, and counts the others", () => {
  assert.equal(describeUnusable(["a", "b/c"]), undefined);
  assert.equal(
    describeUnusable(["a:b", "ok", "nul.txt"]),
    '"a:b" (no name there can have ":"), "nul.txt" (nul is a device there)',
  );
  const many = describeUnusable(Array.from({ length: 100 }, (_, i) => `${i}:`))!;
  assert(many.includes('"19:"') && !many.includes('"20:"') && many.endsWith(", and 80 more"), many);
});

inDirectory(
  "paths that Windows cannot hold are refused on Windows alone, with all their names",
  async (dir) => {
    const { archivePath, minimal } = await packIn(dir, { "a:b": "1", "ok": "2", "sub/con": "3" });
    const options = { archivePath, minimal };
    const before = await listTree(dir);
    const error = await refusal(
      verifyArchive({ ...options, unpackTo: join(dir, "on-windows"), platform: "windows" }),
      "PATH_UNUSABLE",
    );
    assert.equal(error.kind, "failed");
    assert.match(error.message, /"a:b".*"sub\/con"/);
    assert.deepEqual(await listTree(dir), before);
    // Without unpacking, the package can be verified on Windows too.
    await verifyArchive({ ...options, platform: "windows" });
    await verifyArchive({ ...options, unpackTo: join(dir, "on-linux"), platform: "linux" });
    assert.equal(await Deno.readTextFile(join(dir, "on-linux", "a:b")), "1");
  },
);

inDirectory("paths that Windows can hold are unpacked there", async (dir) => {
  const { archivePath, minimal } = await packIn(dir, { "a/b.txt": "1" });
  await verifyArchive({ archivePath, minimal, unpackTo: join(dir, "to"), platform: "windows" });
  assert.equal(await Deno.readTextFile(join(dir, "to", "a", "b.txt")), "1");
});
