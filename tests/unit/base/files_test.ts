import assert from "node:assert/strict";
import { join } from "node:path";
import { isThere, readFully, syncDirectory, writeAll } from "../../../src/base/mod.ts";

/** Calls `work` with the path of a temporary directory, and removes the directory. */
async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "libreseed-files-" });
  try {
    await work(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a file, a directory and a link to nowhere are there, a missing path is not", async () => {
  await withDirectory(async (directory) => {
    const file = join(directory, "file");
    await Deno.writeTextFile(file, "");
    await Deno.symlink(join(directory, "nowhere"), join(directory, "link"));
    for (const path of [directory, file, join(directory, "link")]) {
      assert(await isThere(path), path);
    }
    assert(!await isThere(join(directory, "nowhere")));
    await assert.rejects(isThere(join(file, "below")), (error) => error instanceof Error);
  });
});

Deno.test("a buffer is filled as far as the file goes", async () => {
  await withDirectory(async (directory) => {
    using file = await Deno.open(join(directory, "file"), {
      createNew: true,
      read: true,
      write: true,
    });
    await writeAll(file, Uint8Array.of(1, 2, 3, 4, 5));
    await file.seek(1, Deno.SeekMode.Start);
    const [three, four] = [new Uint8Array(3), new Uint8Array(4)];
    assert.equal(await readFully(file, three), 3);
    assert.deepEqual(three, Uint8Array.of(2, 3, 4));
    assert.equal(await readFully(file, four), 1, "the end of the file");
    assert.deepEqual(four, Uint8Array.of(5, 0, 0, 0));
    assert.equal(await readFully(file, four), 0);
  });
});

Deno.test("parts of a file that arrive one by one fill a buffer", async () => {
  const parts = [Uint8Array.of(1), Uint8Array.of(2, 3), Uint8Array.of(4)];
  const file = {
    read: (target: Uint8Array) => {
      const part = parts.shift();
      if (part) target.set(part);
      return Promise.resolve(part?.length ?? null);
    },
  };
  const target = new Uint8Array(6);
  assert.equal(await readFully(file as Deno.FsFile, target), 4);
  assert.deepEqual(target, Uint8Array.of(1, 2, 3, 4, 0, 0));
});

Deno.test("a directory is flushed, a missing one is an error", async () => {
  await withDirectory(async (directory) => {
    await syncDirectory(directory);
    if (Deno.build.os === "windows") return;
    await assert.rejects(syncDirectory(join(directory, "nowhere")), Deno.errors.NotFound);
  });
});
