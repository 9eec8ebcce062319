import assert from "node:assert/strict";
import { join } from "node:path";
import { type PackProgress, verifyArchive } from "../../../../src/package/mod.ts";
import {
  inDirectory,
  noise,
  packIn,
  refusal,
  writeTree,
} from "../../../support/package_archives.ts";

const GIB = 2 ** 30;

/** Makes a sparse file: only its first bytes are stored on the disk. */
async function sparse(path: string, lengthBytes: number, first: Uint8Array = new Uint8Array()) {
  await Deno.writeFile(path, first);
  await Deno.truncate(path, lengthBytes);
  const { blocks } = await Deno.stat(path);
  return (blocks ?? Infinity) * 512 < lengthBytes / 2;
}

inDirectory("a sparse image beyond the ratio is refused before it is read", async (dir) => {
  await writeTree(join(dir, "in"), { "a": "a" });
  assert.ok(await sparse(join(dir, "in/image"), 4 * GIB), "the file system holds no sparse files");
  const seen: PackProgress[] = [];
  const onProgress = (progress: PackProgress) => seen.push(progress);
  const error = await refusal(packIn(dir, {}, { onProgress }), "RATIO_TOO_HIGH");
  assert.match(error.message, /readers refuse to unpack/);
  assert.deepEqual(seen, [], "files were read");
  assert.deepEqual([...Deno.readDirSync(join(dir, "out"))], []);
});

inDirectory("a sparse file within the ratio is packed", async (dir) => {
  await writeTree(join(dir, "in"), {});
  await sparse(join(dir, "in/image"), 20_000_000, noise(200_000));
  const { archivePath, minimal } = await packIn(dir, {});
  await verifyArchive({ archivePath, minimal });
});
