import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { FileWriter } from "../../../../../src/engine/libraries/webtorrent/file_writer.ts";
import { temporaryHome } from "../../../../support/mod.ts";
import { randomBytes } from "../../../../support/torrents.ts";

const CHUNK = 16 * 1024;

/** Opens a writer of a new file at a path. */
async function open(path: string): Promise<FileWriter> {
  const descriptor = openSync(path, "w");
  try {
    const writer = await FileWriter.open(path, descriptor);
    assert.ok(writer);
    return writer;
  } finally {
    closeSync(descriptor);
  }
}

/** Opens an empty file, counts the writes, and has each chunk written at once. */
async function writeAll(
  content: Uint8Array,
  order: readonly number[],
): Promise<{ found: Uint8Array; writes: number }> {
  await using home = await temporaryHome();
  const path = join(home.path, "archive");
  const writer = await open(path);
  let writes = 0;
  const { write } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.write = function (bytes) {
    writes++;
    return write.call(this, bytes);
  };
  try {
    const written = order.map((index) =>
      new Promise<void>((resolve, reject) => {
        const bytes = content.slice(index * CHUNK, (index + 1) * CHUNK);
        writer.write(index * CHUNK, bytes, (error) => error ? reject(error) : resolve());
      })
    );
    // The file is closed after the last write.
    writer.close();
    await Promise.all(written);
  } finally {
    Deno.FsFile.prototype.write = write;
  }
  return { found: await Deno.readFile(path), writes };
}

Deno.test("chunks that wait at once and lie side by side share a write, in any order", async () => {
  const content = randomBytes(20 * CHUNK + 100, 3);
  const order = [7, 20, 3, 0, 1, 2, 19, 4, 5, 6, 13, 12, 11, 10, 9, 8, 14, 18, 17, 16, 15];
  const { found, writes } = await writeAll(content, order);
  assert.deepEqual(found, content);
  assert.equal(writes, 1);
});

Deno.test("chunks with a gap between them are written apart", async () => {
  const content = randomBytes(5 * CHUNK, 4);
  const { found, writes } = await writeAll(content, [4, 1, 0]);
  assert.equal(writes, 2);
  assert.deepEqual(found.subarray(0, 2 * CHUNK), content.subarray(0, 2 * CHUNK));
  assert.deepEqual(found.subarray(4 * CHUNK), content.subarray(4 * CHUNK));
  assert.deepEqual(found.subarray(2 * CHUNK, 4 * CHUNK), new Uint8Array(2 * CHUNK));
});

Deno.test("a write takes at most 512 KiB of chunks together", async () => {
  const content = randomBytes(80 * CHUNK, 5);
  const { found, writes } = await writeAll(content, [...Array(80).keys()]);
  assert.deepEqual(found, content);
  assert.equal(writes, 3);
});

Deno.test("all chunks of a failed write hear of it, and the next ones are written", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "archive");
  const writer = await open(path);
  const { write } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.write = () => Promise.reject(new Error("the disk is full"));
  const put = (index: number) =>
    new Promise<string>((resolve) =>
      writer.write(
        index * CHUNK,
        new Uint8Array(CHUNK).fill(index),
        (error) => resolve(error?.message ?? "written"),
      )
    );
  try {
    const full = "the disk is full";
    assert.deepEqual(await Promise.all([put(1), put(2)]), [full, full]);
  } finally {
    Deno.FsFile.prototype.write = write;
  }
  assert.deepEqual(await Promise.all([put(1), put(2)]), ["written", "written"]);
  writer.close();
  const found = await Deno.readFile(path);
  assert.deepEqual([found[CHUNK], found[3 * CHUNK - 1], found.length], [1, 2, 3 * CHUNK]);
});

Deno.test("another file at the path is not written", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "archive");
  const descriptor = openSync(path, "w");
  await Deno.remove(path);
  await Deno.writeTextFile(path, "another");
  assert.equal(await FileWriter.open(path, descriptor), undefined);
  closeSync(descriptor);
});
