/**
 * A publisher's list of good archives in the seed directory. The download is fake; the files are real.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../src/base/mod.ts";
import { isCatalogName, keptCatalogName } from "../../../src/fetching/catalog_files.ts";
import {
  type CatalogContext,
  currentCatalogName,
  fetchGoodList,
  goodListFileName,
  writeGoodList,
} from "../../../src/fetching/mod.ts";
import { torrentOfBytes } from "../../../src/package/mod.ts";
import { encodeGoodList } from "../../../src/records/mod.ts";
import { temporaryHome } from "../../support/mod.ts";

const root = new Uint8Array(32).fill(0xab);
const fileName = goodListFileName(root);
const hashes = [3, 1, 2].map((byte) => new Uint8Array(32).fill(byte));
const sorted = [1, 2, 3].map((byte) => new Uint8Array(16).fill(byte));

const namesIn = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();

/** Makes a reader's seed directory, and a swarm that has `bytes`. */
async function reader(bytes?: Uint8Array) {
  const home = await temporaryHome();
  const seeded: string[] = [];
  const operations = {
    async download({ infoHash, maxBytes }: { infoHash: string; maxBytes: number }) {
      assert.equal(maxBytes, 1_600_000);
      if (!bytes) return await new Promise<never>(() => {});
      const path = join(home.path, `.part-${infoHash}`);
      await Deno.writeFile(path, bytes);
      return { path, torrent: torrentOfBytes(fileName, bytes).torrent };
    },
    status: () => Promise.resolve({ daemon: true }),
    addCatalog: (request: { fileName: string }) =>
      Promise.resolve(void seeded.push(request.fileName)),
  };
  const context = {
    ...{ operations, seedDirectory: home.path, clock: systemClock, timeoutMs: 60_000 },
  } as unknown as CatalogContext;
  return { home, context, seeded, [Symbol.asyncDispose]: () => home.remove() };
}

Deno.test("a list is written with its torrent, and read back without the network", async () => {
  await using at = await reader();
  const infoHash = await writeGoodList(at.home.path, root, hashes);
  assert.deepEqual(namesIn(at.home.path), [fileName, fileName.replace(".bin", ".torrent")].sort());
  assert.deepEqual(infoHash, torrentOfBytes(fileName, encodeGoodList(hashes)).infoHash);
  assert.deepEqual(await fetchGoodList(at.context, root, infoHash), sorted);
  assert.deepEqual(at.seeded, []);
});

Deno.test("a list is fetched, kept and seeded", async () => {
  const bytes = encodeGoodList(hashes);
  await using at = await reader(bytes);
  const { infoHash } = torrentOfBytes(fileName, bytes);
  assert.deepEqual(await fetchGoodList(at.context, root, infoHash), sorted);
  assert.deepEqual(namesIn(at.home.path), [fileName, fileName.replace(".bin", ".torrent")].sort());
  assert.deepEqual(at.seeded, [fileName]);
});

Deno.test("a list of another form is refused, and nothing of it stays", async () => {
  for (const bytes of [new Uint8Array(15), new Uint8Array(32), new Uint8Array(0)]) {
    await using at = await reader(bytes);
    await assert.rejects(fetchGoodList(at.context, root, new Uint8Array(20)), {
      code: "GOOD_LIST_INVALID",
      kind: "verification",
    });
    assert.deepEqual(namesIn(at.home.path), []);
  }
});

Deno.test("a list of too many archives is not written", async () => {
  await using at = await reader();
  const many = Array.from({ length: 100_001 }, (_, i) => {
    const hash = new Uint8Array(16);
    new DataView(hash.buffer).setUint32(0, i);
    return hash;
  });
  await assert.rejects(writeGoodList(at.home.path, root, many), { code: "GOOD_LIST_TOO_LONG" });
  assert.deepEqual(namesIn(at.home.path), []);
});

Deno.test("the seeded copy of a list has the infohash in its name", () => {
  const kept = keptCatalogName(fileName, "0".repeat(40));
  assert.equal(kept, `good-abababababababab~${"0".repeat(40)}.bin`);
  assert.equal(currentCatalogName(kept), fileName);
  assert(isCatalogName(kept) && isCatalogName(fileName));
  for (const other of ["good-ab.bin", "good-abababababababab.jsonl", `${fileName}.part`]) {
    assert(!isCatalogName(other), other);
  }
});
