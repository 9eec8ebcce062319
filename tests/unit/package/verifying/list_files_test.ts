import assert from "node:assert/strict";
import { listFiles } from "../../../../src/package/mod.ts";
import { inDirectory, packIn } from "../../../support/package_archives.ts";
import { randomBytes } from "../../../support/torrents.ts";

const tree = {
  "a.txt": "a",
  "!bin/run": "#!/bin/sh\n",
  "c/big.bin": randomBytes(3_000_000, 3),
  "d.txt": "dddd",
};
const all = { maxFiles: 100, mayGoOn: () => true };

inDirectory(
  "files are listed with lengths and modes, in the order of the manifest",
  async (dir) => {
    const { archivePath, minimal } = await packIn(dir, tree);
    const { files, fileCount } = await listFiles({ archivePath, minimal, ...all });
    assert.deepEqual(files, [
      { path: "a.txt", lengthBytes: 1, executable: false },
      { path: "bin/run", lengthBytes: 10, executable: true },
      { path: "c/big.bin", lengthBytes: 3_000_000, executable: false },
      { path: "d.txt", lengthBytes: 4, executable: false },
    ]);
    assert.equal(fileCount, 4);
  },
);

inDirectory("files behind the place where inflating ends have no lengths", async (dir) => {
  const { archivePath, minimal } = await packIn(dir, tree);
  const asked: number[] = [];
  const mayGoOn = (inflatedBytes: number) => {
    asked.push(inflatedBytes);
    return inflatedBytes < 1_000_000;
  };
  const { files } = await listFiles({ archivePath, minimal, maxFiles: 100, mayGoOn });
  assert.equal(files[2]!.lengthBytes, 3_000_000);
  assert.deepEqual(files[3], { path: "d.txt" });
  assert.ok(asked.at(-1)! < 2_000_000, "the rest was not inflated");
  const none = await listFiles({ archivePath, minimal, maxFiles: 100, mayGoOn: () => false });
  assert.deepEqual(
    none.files,
    ["a.txt", "bin/run", "c/big.bin", "d.txt"].map((path) => ({ path })),
  );
});

inDirectory("at most so many files are listed, and all are counted", async (dir) => {
  const { archivePath, minimal } = await packIn(dir, tree);
  const { files, fileCount } = await listFiles({ archivePath, minimal, ...all, maxFiles: 2 });
  assert.deepEqual(files.map(({ path }) => path), ["a.txt", "bin/run"]);
  assert.equal(fileCount, 4);
});

inDirectory("an archive that is not the manifest's is refused", async (dir) => {
  const { archivePath, minimal } = await packIn(dir, tree);
  const bytes = await Deno.readFile(archivePath);
  await Deno.writeFile(archivePath, bytes.subarray(0, bytes.length - 1));
  await assert.rejects(listFiles({ archivePath, minimal, ...all }), { code: "LENGTH_MISMATCH" });
  await Deno.writeFile(archivePath, new Uint8Array(bytes.length));
  await assert.rejects(listFiles({ archivePath, minimal, ...all }), { kind: "verification" });
  await Deno.remove(archivePath);
  await assert.rejects(listFiles({ archivePath, minimal, ...all }), { code: "ARCHIVE_NOT_FOUND" });
});
