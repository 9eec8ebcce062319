/**
 * Reading one package of a publisher by the index of its catalog, and what happens where the index is
 * missing, malformed or slow.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { LibreseedError, toHex } from "../../../src/base/mod.ts";
import type { Operations } from "../../../src/control/mod.ts";
import { OfferCache } from "../../../src/fetching/mod.ts";
import { readList } from "../../../src/fetching/publisher_list.ts";
import { resolvePackage } from "../../../src/fetching/resolve.ts";
import type { ShownManifest } from "../../../src/fetching/find_manifest.ts";
import { keyPairFromSeed } from "../../../src/identity/mod.ts";
import {
  catalogFileName,
  INDEX_PIECE_BYTES,
  indexFileName,
  torrentOfBytes,
} from "../../../src/package/mod.ts";
import {
  announceSalt,
  encodeCatalogRecord,
  manifestSalt,
  type MutableItem,
} from "../../../src/records/mod.ts";
import { eventually } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { nobodyMet } from "../../support/fake_rendezvous.ts";
import { temporaryTrust } from "../../support/identities.ts";
import { longCatalog, packageName } from "../../support/long_catalog.ts";
import { temporaryHome } from "../../support/mod.ts";
import { signedItem } from "../../support/signed.ts";
import { whenAborted } from "../../support/aborts.ts";

const keys = keyPairFromSeed(new Uint8Array(32).fill(61));
const { publicKey } = keys;
const salt = announceSalt(publicKey);
const SIGNED = 700;
const name = packageName(SIGNED);
const long = await longCatalog({ keys, packages: 2_000, versions: 3, signed: SIGNED });
const whole = torrentOfBytes(catalogFileName(publicKey), long.catalog);

/** The publisher's announce record. `index` is what peers have under the infohash of the index. */
function recordOf(index = long.index): MutableItem {
  const { infoHash } = torrentOfBytes(indexFileName(publicKey), index);
  const fields = { count: 6_000, timestampMs: 1, catalogInfoHash: whole.infoHash };
  return signedItem(keys, {
    ...{ salt, seq: 1 },
    value: encodeCatalogRecord({ ...fields, indexInfoHash: infoHash }),
  });
}

/** A network with one publisher. */
async function network({ index = long.index, isIndexSeeded = true } = {}) {
  const home = await temporaryHome();
  const clock = new FakeClock();
  const item = recordOf(index);
  const state = { ranges: [] as [number, number][], downloads: 0, daemonSeeds: [] as string[] };
  const manifest = Promise.withResolvers<void>();
  const ended = (signal?: AbortSignal) =>
    new Promise<never>((_, reject) => {
      const end = () => reject(new LibreseedError("failed", "DOWNLOAD_CANCELLED", "ended"));
      whenAborted(signal, end);
    });
  const operations = {
    ...nobodyMet,
    status: () => Promise.resolve({ daemon: true, seedDirectory: home.path }),
    addCatalog: ({ fileName }: { fileName: string }) => {
      state.daemonSeeds.push(fileName);
      return Promise.resolve();
    },
    lookUp: async (key: { salt: Uint8Array }) => {
      const nodes = { asked: 8, responded: 8, holding: 0, stale: 0, invalid: 0 };
      const counts = { ...nodes, others: [], errors: {} };
      if (toHex(key.salt) === toHex(salt)) return { ...counts, item };
      if (toHex(key.salt) === toHex(manifestSalt(name, "1.1.0"))) await manifest.promise;
      return { ...counts, item: undefined };
    },
    readRanges: async (
      { ranges, infoHash }: { ranges: { start: number; end: number }[]; infoHash: string },
      { signal }: { signal?: AbortSignal } = {},
    ) => {
      assert.equal(infoHash, toHex(torrentOfBytes(indexFileName(publicKey), index).infoHash));
      if (!isIndexSeeded) return await ended(signal);
      const [{ start, end }] = ranges as [{ start: number; end: number }];
      state.ranges.push([start, end]);
      const bytes = index.subarray(start, end);
      return { bytes, lengthBytes: index.length, downloadedBytes: bytes.length };
    },
    download: async ({ infoHash }: { infoHash: string }) => {
      assert.equal(infoHash, toHex(whole.infoHash));
      state.downloads++;
      const path = join(home.path, ".partial");
      await Deno.writeFile(path, long.catalog);
      return { path, torrent: whole.torrent };
    },
  } as unknown as Operations;
  const context = { operations, clock, seedDirectory: home.path, timeoutMs: 60_000 };
  return {
    ...{ home, clock, item, state, manifest, operations, context },
    [Symbol.asyncDispose]: home[Symbol.asyncDispose],
  };
}

Deno.test("one package is read in two pieces of the index, and its manifests in one more", async () => {
  await using one = await network();
  const list = await readList(one.context, publicKey, one.item, name);
  assert.deepEqual([...list.packages!], [[name, ["1.0.0", "1.1.0", "1.2.0"]]]);
  assert.equal(one.state.downloads, 0);
  const [head, line, ...others] = one.state.ranges;
  assert.deepEqual([head, others], [[0, INDEX_PIECE_BYTES], []]);
  assert.ok(line![1] - line![0] <= INDEX_PIECE_BYTES);
  const manifests = await list.index!.manifestsOf(name);
  assert.deepEqual(manifests.map(({ version }) => version), ["1.0.0", "1.1.0", "1.2.0"]);
  assert.equal((await list.index!.manifestOf(name, "1.1.0"))!.version, "1.1.0");
  assert.equal(await list.index!.manifestOf(name, "9.0.0"), undefined);
  // Only the manifests of this package are signed.
  await assert.rejects(list.index!.manifestOf(packageName(5), "1.0.0"), {
    code: "CATALOG_INVALID",
  });
  assert.deepEqual(await list.index!.manifestsOf(packageName(5)), []);
});

Deno.test("a package that the index does not have is not offered, and the catalog stays where it is", async () => {
  await using one = await network();
  const list = await readList(one.context, publicKey, one.item, "zebra");
  assert.equal(list.packages!.size, 0);
  assert.equal(one.state.downloads, 0);
});

Deno.test("of a malformed index, the whole catalog says what is offered", async () => {
  const index = long.index.slice();
  index[0]! ^= 1;
  await using one = await network({ index });
  const list = await readList(one.context, publicKey, one.item, name);
  // Most signatures in this catalog do not hold.
  assert.deepEqual(list.catalog!.manifests.map((one) => one.name), [name, name, name]);
  assert.equal(one.state.downloads, 1);
  // The catalog gives another index than the record names, which nobody wants.
  assert.deepEqual(one.state.daemonSeeds, [catalogFileName(publicKey)]);
});

Deno.test("where nobody sends the index, the whole catalog is fetched after some seconds, and the index made", async () => {
  await using one = await network({ isIndexSeeded: false });
  const reading = readList(one.context, publicKey, one.item, name);
  await eventually(async () => {
    await one.clock.advance(1_000);
    return one.state.downloads === 1;
  }, "the whole catalog is fetched");
  assert.ok(one.clock.now() > 7_000);
  assert.equal((await reading).catalog!.manifests.length, 3);
  assert.deepEqual(one.state.daemonSeeds, [
    catalogFileName(publicKey),
    indexFileName(publicKey),
  ]);
  const made = await Deno.readFile(join(one.home.path, indexFileName(publicKey)));
  assert.deepEqual(made, long.index);
  // From now on, one package is read from the disk.
  one.state.daemonSeeds.length = 0;
  const list = await readList(one.context, publicKey, one.item, name);
  assert.deepEqual([...list.packages!.keys()], [name]);
  assert.deepEqual([one.state.ranges, one.state.downloads], [[], 1]);
});

Deno.test("without a name, the whole catalog is read", async () => {
  await using one = await network();
  assert.ok((await readList(one.context, publicKey, one.item)).catalog);
  assert.deepEqual(one.state.ranges, []);
});

Deno.test("the manifest comes from the index while its record is looked up, so that its download can begin", async () => {
  await using one = await network();
  await using known = await temporaryTrust(one.clock);
  const shown: ShownManifest[] = [];
  const offers = new OfferCache(known.trust);
  const resolving = resolvePackage(
    one.operations,
    { publicKey, name, range: "~1.1" },
    one.context,
    { offers, onShown: (one) => shown.push(one) },
  );
  resolving.catch(() => {});
  await eventually(() => shown.length > 0, "the manifest is shown");
  assert.equal(shown[0]!.minimal.version, "1.1.0");
  // No node has the record, so the manifest of the index is the one.
  one.manifest.resolve();
  assert.equal((await resolving).minimal.version, "1.1.0");
});
