/**
 * Reading a publisher's list while the publisher replaces the announce record and the catalog.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { LibreseedError, toHex, utf8 } from "../../../src/base/mod.ts";
import type { Downloaded } from "../../../src/control/answers.ts";
import type { Operations } from "../../../src/control/operations.ts";
import { readList } from "../../../src/fetching/publisher_list.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { catalogFileName, serializeCatalog, torrentOfBytes } from "../../../src/package/mod.ts";
import {
  announceSalt,
  encodeAnnounceRecord,
  encodeCatalogRecord,
  type MutableItem,
} from "../../../src/records/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { temporaryHome } from "../../support/mod.ts";
import { signedItem, signedMinimal } from "../../support/signed.ts";
import { nobodyMet } from "../../support/fake_rendezvous.ts";
import { whenAborted } from "../../support/aborts.ts";

const keys = generateKeyPair();
const salt = announceSalt(keys.publicKey);
const TIMEOUT_MS = 60_000;

/** Makes a catalog of one package, and the announce record that refers to the catalog. */
function catalogOf(version: string, seq: number) {
  const minimal = signedMinimal({
    name: "hello",
    version,
    archiveSha256: `sha256:${"cd".repeat(32)}`,
    btih: "ab".repeat(20),
    length: 3,
    timestamp: 1_780_000_000_000,
  }, keys);
  const bytes = utf8(serializeCatalog([minimal]));
  const { torrent, infoHash } = torrentOfBytes(catalogFileName(keys.publicKey), bytes);
  const value = encodeCatalogRecord({ count: 1, catalogInfoHash: infoHash, timestampMs: seq });
  return { bytes, torrent, infoHash, item: signedItem(keys, { salt, seq, value }) };
}

/**
 * Makes a reader of a publisher's list. The fake DHT returns the item `shown`, and the fake peers
 * have the catalogs in `seeded`.
 */
async function reader() {
  const directory = await temporaryHome();
  const clock = new FakeClock();
  const seeded = new Map<string, ReturnType<typeof catalogOf>>();
  const waiting = new Map<string, () => void>();
  const state = {
    shown: undefined as MutableItem | undefined,
    downloads: [] as string[],
    /** Lets the pending download of a catalog succeed. */
    finish(catalog: ReturnType<typeof catalogOf>) {
      seeded.set(toHex(catalog.infoHash), catalog);
      waiting.get(toHex(catalog.infoHash))!();
    },
  };
  const operations = {
    ...nobodyMet,
    lookUp() {
      return Promise.resolve({ item: state.shown, others: [], asked: 8, responded: 8 });
    },
    status: () => Promise.resolve({ daemon: false, seedDirectory: directory.path }),
    async download(
      { infoHash }: { infoHash: string },
      { signal }: { signal: AbortSignal },
    ): Promise<Downloaded> {
      state.downloads.push(infoHash);
      if (!seeded.has(infoHash)) {
        await new Promise<void>((resolve, reject) => {
          const end = () => reject(new LibreseedError("failed", "DOWNLOAD_CANCELLED", "ended"));
          whenAborted(signal, end);
          waiting.set(infoHash, resolve);
        });
      }
      const catalog = seeded.get(infoHash)!;
      const path = join(directory.path, `.partial-${infoHash}`);
      await Deno.writeFile(path, catalog.bytes);
      return { path, torrent: catalog.torrent };
    },
  } as unknown as Operations;
  const context = { operations, seedDirectory: directory.path, clock, timeoutMs: TIMEOUT_MS };
  const seed = (catalog: ReturnType<typeof catalogOf>) =>
    seeded.set(toHex(catalog.infoHash), catalog);
  return { context, clock, state, seed, [Symbol.asyncDispose]: directory[Symbol.asyncDispose] };
}

/**
 * Waits until `count` downloads have begun. The wait takes real time, because disk operations do
 * not follow the fake clock.
 */
async function downloadsBegun(place: Awaited<ReturnType<typeof reader>>, count: number) {
  for (let tries = 0; place.state.downloads.length < count; tries++) {
    assert(tries < 60_000, `${place.state.downloads.length} downloads were begun`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const versions = (list: Awaited<ReturnType<typeof readList>>) =>
  list.catalog?.manifests.map(({ version }) => version);

Deno.test("if the record names a newer catalog, that one is fetched", async () => {
  await using place = await reader();
  const [old, now] = [catalogOf("1.0.0", 100), catalogOf("1.1.0", 200)];
  place.seed(now);
  place.state.shown = now.item;
  const reading = readList(place.context, keys.publicKey, old.item);
  await downloadsBegun(place, 1);
  await place.clock.advance(5_000);
  const list = await reading;
  assert.deepEqual(versions(list), ["1.1.0"]);
  assert.equal(list.item.seq, 200);
  assert.deepEqual(place.state.downloads, [toHex(old.infoHash), toHex(now.infoHash)]);
});

Deno.test("a running download is not cancelled for a newer catalog", async () => {
  await using place = await reader();
  const [old, now] = [catalogOf("1.0.0", 100), catalogOf("1.1.0", 200)];
  place.state.shown = now.item;
  const reading = readList(place.context, keys.publicKey, old.item);
  await downloadsBegun(place, 1);
  await place.clock.advance(5_000);
  await downloadsBegun(place, 2);
  // At this point no peer has the newer catalog yet.
  place.state.finish(old);
  assert.deepEqual(versions(await reading), ["1.0.0"]);
});

Deno.test("an unchanged record keeps the full timeout of its catalog", async () => {
  await using place = await reader();
  const old = catalogOf("1.0.0", 100);
  place.state.shown = old.item;
  const reading = readList(place.context, keys.publicKey, old.item).catch((error) => error);
  let done = false;
  void reading.then(() => done = true);
  await downloadsBegun(place, 1);
  await place.clock.advance(TIMEOUT_MS - 1);
  assert.equal(done, false);
  await place.clock.advance(1);
  assert.equal((await reading).code, "CATALOG_UNREACHABLE");
  assert.deepEqual(place.state.downloads, [toHex(old.infoHash)]);
});

Deno.test("an older record and a forged record are ignored", async () => {
  await using place = await reader();
  const [older, old, forged] = [
    catalogOf("0.9.0", 50),
    catalogOf("1.0.0", 100),
    catalogOf("6.6.6", 300),
  ];
  place.seed(older);
  place.seed(forged);
  for (const shown of [older.item, { ...forged.item, signature: new Uint8Array(64) }]) {
    place.state.shown = shown;
    place.state.downloads.length = 0;
    const reading = readList(place.context, keys.publicKey, old.item).catch((error) => error);
    await downloadsBegun(place, 1);
    await place.clock.advance(TIMEOUT_MS);
    assert.equal((await reading).code, "CATALOG_UNREACHABLE");
    assert.deepEqual(place.state.downloads, [toHex(old.infoHash)]);
  }
});

Deno.test("at most five catalogs of one publisher are fetched", async () => {
  await using place = await reader();
  let seq = 200;
  const first = catalogOf("1.0.0", 100);
  Object.defineProperty(place.state, "shown", {
    get: () => catalogOf(`1.0.${seq}`, seq++).item,
  });
  const reading = readList(place.context, keys.publicKey, first.item).catch((error) => error);
  for (let count = 1; count <= 5; count++) {
    await downloadsBegun(place, count);
    await place.clock.advance(15_000);
  }
  await place.clock.advance(2 * TIMEOUT_MS);
  assert.equal((await reading).code, "CATALOG_UNREACHABLE");
  assert.equal(place.state.downloads.length, 5);
});

Deno.test("a newer record that lists its packages itself ends the download", async () => {
  await using place = await reader();
  const old = catalogOf("1.0.0", 100);
  const value = encodeAnnounceRecord({
    packages: new Map([["hello", ["2.0.0"]]]),
    timestampMs: 200,
  });
  place.state.shown = signedItem(keys, { salt, seq: 200, value });
  const reading = readList(place.context, keys.publicKey, old.item);
  await downloadsBegun(place, 1);
  await place.clock.advance(5_000);
  const list = await reading;
  assert.deepEqual([...list.packages!], [["hello", ["2.0.0"]]]);
});
