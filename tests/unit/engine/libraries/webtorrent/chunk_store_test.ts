import assert from "node:assert/strict";
import { join } from "node:path";
import { ArchiveStore } from "../../../../../src/engine/libraries/webtorrent/chunk_store.ts";
import { temporaryHome } from "../../../../support/mod.ts";
import { randomBytes } from "../../../../support/torrents.ts";

const CHUNK = 64 * 1024;
const content = randomBytes(10 * CHUNK + 100, 7);

function put(store: ArchiveStore, index: number): Promise<void> {
  const bytes = content.slice(index * CHUNK, (index + 1) * CHUNK);
  return new Promise((resolve, reject) =>
    store.put(index, bytes, (error) => error ? reject(error) : resolve())
  );
}

function get(
  store: ArchiveStore,
  index: number,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) =>
    store.get(
      index,
      { offset, length },
      (error, bytes) => error ? reject(error) : resolve(bytes!.slice()),
    )
  );
}

function close(store: ArchiveStore): Promise<void> {
  return new Promise((resolve, reject) =>
    store.close((error) => error ? reject(error) : resolve())
  );
}

function writable(path: string): ArchiveStore {
  return new ArchiveStore(CHUNK, { filePath: path, writable: true, length: content.length });
}

function readOnly(path: string): ArchiveStore {
  return new ArchiveStore(CHUNK, { filePath: path, writable: false, length: content.length });
}

Deno.test("chunks put in any order, all at once, are at their places once the store is closed", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "archive");
  const store = writable(path);
  const puts = [3, 10, 0, 7, 1, 9, 2, 8, 4, 6, 5].map((index) => put(store, index));
  // Closing the store waits for the pending writes.
  await Promise.all([...puts, close(store)]);
  assert.deepEqual(await Deno.readFile(path), content);
});

Deno.test("large chunks that are put in one turn are written whole", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "archive");
  const chunkLength = 4 * 1024 * 1024;
  const length = 12 * chunkLength;
  const store = new ArchiveStore(chunkLength, { filePath: path, writable: true, length });
  const whole = randomBytes(length, 8);
  await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      new Promise<void>((resolve, reject) => {
        const bytes = whole.slice(index * chunkLength, (index + 1) * chunkLength);
        store.put(index, bytes, (error) => error ? reject(error) : resolve());
      })),
  );
  await close(store);
  assert.deepEqual(await Deno.readFile(path), whole);
});

Deno.test("a chunk is written, and its memory given back, before anything else has a turn", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "archive");
  const givenBack: Uint8Array[] = [];
  const store = new ArchiveStore(CHUNK, {
    ...{ filePath: path, writable: true, length: content.length },
    onWritten: (bytes) => givenBack.push(bytes),
  });
  await put(store, 1);
  const events: string[] = [];
  const bytes = content.slice(0, CHUNK);
  store.put(0, bytes, (error) => events.push(error ? "failed" : "written"));
  assert.equal(events.length, 0);
  setTimeout(() => events.push("another turn"), 0);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(events, ["written", "another turn"]);
  assert.equal(givenBack[1], bytes);
  await close(store);
  assert.deepEqual(await Deno.readFile(path), content.slice(0, 2 * CHUNK));
});

Deno.test("a chunk that cannot be written fails, and its memory is given back", async () => {
  await using home = await temporaryHome();
  const givenBack: Uint8Array[] = [];
  const store = new ArchiveStore(CHUNK, {
    ...{ filePath: join(home.path, "missing", "archive"), writable: true, length: content.length },
    onWritten: (bytes) => givenBack.push(bytes),
  });
  await assert.rejects(put(store, 0), { code: "ENOENT" });
  assert.equal(givenBack.length, 1);
  await close(store);
});

Deno.test("blocks read in one turn are the right ones, adjacent or not", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "archive");
  await Deno.writeFile(path, content);
  const store = readOnly(path);
  const blocks: [index: number, offset: number, length: number][] = [];
  for (let index = 0; index < 10; index++) {
    for (let offset = 0; offset < CHUNK; offset += 16_384) blocks.push([index, offset, 16_384]);
  }
  // Add reads that are not sequential: backwards, the same range twice, after a gap, zero bytes,
  // and the end of the file.
  blocks.push([5, 100, 7], [4, 0, 10], [4, 0, 10], [4, 20, 5], [4, 25, 0], [10, 0, 100]);
  const got = await Promise.all(blocks.map((block) => get(store, ...block)));
  blocks.forEach(([index, offset, length], i) => {
    const at = index * CHUNK + offset;
    assert.deepEqual(got[i], content.slice(at, at + length), `block ${i}`);
  });
  await close(store);
});

Deno.test("of blocks read in one turn, only the missing ones fail", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "archive");
  await Deno.writeFile(path, content.subarray(0, 3 * CHUNK));
  const store = readOnly(path);
  const [there, beyond, cut] = await Promise.allSettled([
    get(store, 1, 0, 100),
    get(store, 10, 0, 101),
    get(store, 5, 0, 100),
  ]);
  assert.equal(there.status, "fulfilled");
  assert.match(String((beyond as PromiseRejectedResult).reason), /no such part of chunk 10/);
  assert.match(String((cut as PromiseRejectedResult).reason), /ends too early/);
  await close(store);
  await assert.rejects(get(store, 1, 0, 100), /closed/);
  await assert.rejects(put(store, 1), /closed/);
});

Deno.test("short reads one after the other are right, and fail once the file has become shorter", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "archive");
  await Deno.writeFile(path, content);
  const store = readOnly(path);
  // The first read is done on another thread, the next ones on this thread, unless one takes long.
  for (let i = 0; i < 9; i++) {
    const at = i * CHUNK + 100 * i;
    assert.deepEqual(await get(store, i, 100 * i, 16_384), content.slice(at, at + 16_384));
  }
  await Deno.truncate(path, 5 * CHUNK + 1);
  await assert.rejects(get(store, 5, 0, 16_384), /ends too early/);
  await assert.rejects(get(store, 7, 0, 16_384), /ends too early/);
  assert.deepEqual(await get(store, 4, 0, CHUNK), content.slice(4 * CHUNK, 5 * CHUNK));
  await close(store);
});

Deno.test("chunks of a growing file can be read once they are written, and not before", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "archive");
  await Deno.writeFile(path, content.subarray(0, 2 * CHUNK));
  const store = writable(path);
  // `put` is not awaited, so chunk 1 is read while the store opens its file and writes chunk 3.
  // Chunk 1 is in the file already; chunk 4 is not.
  const putting = put(store, 3);
  assert.deepEqual(await get(store, 1, 0, 10), content.slice(CHUNK, CHUNK + 10));
  await assert.rejects(get(store, 4, 0, 10), /ends too early/);
  await putting;
  assert.deepEqual(await get(store, 3, 5, 10), content.slice(3 * CHUNK + 5, 3 * CHUNK + 15));
  await put(store, 4);
  assert.deepEqual(await get(store, 4, 0, 10), content.slice(4 * CHUNK, 4 * CHUNK + 10));
  await close(store);
});

Deno.test("chunks that another descriptor has written can be read once they were verified", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "archive");
  const store = writable(path);
  await put(store, 0);
  await Deno.writeFile(path, content);
  await assert.rejects(get(store, 5, 0, 100), /ends too early/);
  const piece = new Uint8Array(CHUNK);
  await new Promise<void>((resolve, reject) =>
    store.readInto(5 * CHUNK, piece, (error) => error ? reject(error) : resolve())
  );
  assert.deepEqual(piece, content.slice(5 * CHUNK, 6 * CHUNK));
  assert.deepEqual(await get(store, 5, 7, 100), piece.slice(7, 107));
  await close(store);
});

Deno.test("a link is neither read nor written through", async () => {
  await using home = await temporaryHome();
  const target = join(home.path, "target");
  const link = join(home.path, "link");
  await Deno.writeFile(target, content);
  await Deno.symlink(target, link);
  const store = writable(link);
  await assert.rejects(get(store, 0, 0, 1), /is a link/);
  await assert.rejects(put(store, 0), /is a link/);
  await Deno.remove(link);
  await Deno.link(target, link);
  await assert.rejects(get(writable(link), 0, 0, 1), /has more than one name/);
  await assert.rejects(put(writable(link), 0), /has more than one name/);
  assert.deepEqual(await Deno.readFile(target), content);
});
