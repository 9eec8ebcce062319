/**
 * The announce record of a publisher whose list needs a catalog. The catalog grows with each
 * package, and keeps the packages of the publisher's other machines.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { LibreseedError, systemClock } from "../../../src/base/mod.ts";
import { homePaths } from "../../../src/control/mod.ts";
import type { Operations } from "../../../src/control/operations.ts";
import { writeCatalog } from "../../../src/fetching/catalog_files.ts";
import { rememberVerified } from "../../../src/fetching/verified.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import {
  archiveFileName,
  catalogFileName,
  indexFileName,
  minimalFileName,
  type MinimalManifest,
  parseCatalog,
  serializeCatalog,
  serializeMinimal,
  torrentOfBytes,
} from "../../../src/package/mod.ts";
import { ListedPackages } from "../../../src/publishing/listed_packages.ts";
import { updateAnnounceRecord } from "../../../src/publishing/announce_record.ts";
import {
  decodeAnnounceRecord,
  encodeCatalogRecord,
  type MutableItem,
  targetOf,
} from "../../../src/records/mod.ts";
import { SeedDirectory, StateDatabase, type ValidSeedEntry } from "../../../src/store/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { temporaryHome } from "../../support/mod.ts";
import { signedItem, signedMinimal } from "../../support/signed.ts";
import { nobodyMet } from "../../support/fake_rendezvous.ts";

const keys = generateKeyPair();
const LENGTH = 3;

function minimal(name: string, by = keys): MinimalManifest {
  const common = {
    version: "1.0.0",
    archiveSha256: `sha256:${"cd".repeat(32)}`,
    btih: "ab".repeat(20),
  };
  return signedMinimal({ ...common, name, length: LENGTH, timestamp: 1_780_000_000_000 }, by);
}

const many = Array.from({ length: 80 }, (_, i) => minimal(`package-${i}`));

/** Makes a publisher's home, and a fake DHT. The DHT returns the last item that was stored. */
async function publisher({ remembers = false, daemon = false } = {}) {
  const directory = await temporaryHome();
  const home = await temporaryHome();
  const clock = new FakeClock();
  let item: MutableItem | undefined;
  /** Log of requests to the process that owns the engine, in order. */
  const asked: string[] = [];
  const warnings: string[] = [];
  const operations = {
    ...nobodyMet,
    lookUp: () => Promise.resolve({ item, others: [], asked: 8, responded: 8 }),
    keptItem: () => Promise.resolve({ item }),
    async addCatalog({ fileName, announce }: { fileName: string; announce?: boolean }) {
      asked.push(`seed ${fileName}`);
      await clock.advance(1);
      if (announce) asked.push("announced");
    },
    store(request: { item: MutableItem }) {
      asked.push("put");
      item = request.item;
      keep(true);
      return Promise.resolve({ holding: 8 });
    },
    status: () => Promise.resolve({ daemon }),
    download: () => Promise.reject(new LibreseedError("network", "NOBODY", "nobody has it")),
  } as unknown as Operations;
  const seeds = new SeedDirectory(directory.path);
  const paths = homePaths(home.path);
  const state = StateDatabase.open(paths.state, systemClock);
  const listed = new ListedPackages(() => state, paths.listLock, systemClock);
  /** Stores the announce record in `state.db`, as the process that owns the engine does. */
  const keep = (own: boolean) => {
    const target = targetOf(item!.publicKey, item!.salt);
    state.records.put({ item: item!, target, kind: "announce", own, createdMs: clock.now() });
  };
  const context = {
    ...{ operations, seeds, clock, listed: remembers ? listed : undefined },
    onWarning: (message: string) => warnings.push(message),
  };
  const path = join(directory.path, catalogFileName(keys.publicKey));
  return {
    path,
    asked,
    warnings,
    list: (...added: MinimalManifest[]) =>
      updateAnnounceRecord(context, keys, added, clock.now()).then(() => clock.advance(1_000)),
    /** Lists packages, as a publisher that names web seeds. */
    listAt: (webSeeds: string[], ...added: MinimalManifest[]) =>
      updateAnnounceRecord(context, keys, added, clock.now(), { webSeeds })
        .then(() => clock.advance(1_000)),
    /** Puts a package into the seed directory. */
    async place(manifest: MinimalManifest) {
      const archive = join(directory.path, archiveFileName(manifest.name, manifest.version));
      await Deno.writeFile(archive, new Uint8Array(LENGTH));
      await Deno.writeTextFile(minimalFileName(archive), serializeMinimal(manifest));
    },
    /** Puts a package into the seed directory and records it as verified. */
    async verify(manifest: MinimalManifest) {
      await this.place(manifest);
      const entry = await seeds.entry(archiveFileName(manifest.name, manifest.version));
      rememberVerified(state, entry as ValidSeedEntry);
    },
    /**
     * Puts a list from the publisher's other machine into the DHT, and its catalog into this home.
     */
    async replace(manifests: MinimalManifest[]) {
      const bytes = new TextEncoder().encode(serializeCatalog(manifests));
      const grown = { bytes, sameBytes: 0, added: 0 };
      const catalogInfoHash = await writeCatalog(directory.path, keys.publicKey, grown);
      const count = manifests.length;
      const value = encodeCatalogRecord({ count, timestampMs: clock.now(), catalogInfoHash });
      const { salt, seq } = item!;
      item = signedItem(keys, { salt, seq: seq + 1, value });
      keep(false);
    },
    record: () => decodeAnnounceRecord(item!.value),
    catalog: () => Deno.readTextFile(path),
    async [Symbol.asyncDispose]() {
      state.close();
      await directory.remove();
      await home.remove();
    },
  };
}

Deno.test("the record names the directories of web seeds, until others or none are named", async () => {
  await using ann = await publisher();
  const [file, first, second] = [
    "http://a.example/x.tgz",
    "http://b.example/",
    "http://c.example/d/",
  ];
  await ann.listAt([file, first], minimal("one"));
  assert.deepEqual(ann.record().webSeeds, [first]);
  await ann.list(minimal("two"));
  assert.deepEqual(ann.record().webSeeds, [first], "kept without the flag");
  await ann.listAt([file], minimal("three"));
  assert.deepEqual(ann.record().webSeeds, [first], "kept beside the URL of one archive");
  const put = ann.asked.length;
  await ann.listAt([second], minimal("three"));
  assert.deepEqual(ann.record().webSeeds, [second], "a change alone is put");
  assert.equal(ann.asked.length, put + 1);
  await ann.listAt([second], ...["one", "two", "three"].map((name) => minimal(name)), ...many);
  const { catalogInfoHash, webSeeds } = ann.record();
  assert.deepEqual([catalogInfoHash?.length, webSeeds], [20, [second]]);
  await ann.listAt([], minimal("four"));
  assert.equal(ann.record().webSeeds, undefined);
});

Deno.test("a catalog grows by the published package and by unlisted packages in the seed directory", async () => {
  await using ann = await publisher();
  await ann.list(...many);
  const bytes = new TextEncoder().encode(await ann.catalog());
  const named = ann.record();
  assert.equal(named.count, many.length);
  const { infoHash } = torrentOfBytes(catalogFileName(keys.publicKey), bytes);
  assert.deepEqual(new Uint8Array(named.catalogInfoHash!), infoHash);
  const [forgotten, foreign] = [minimal("forgotten"), minimal("foreign", generateKeyPair())];
  await ann.place(forgotten);
  await ann.place(foreign);
  await ann.place(many[3]!);
  await ann.list(minimal("one-more"));
  const text = await ann.catalog();
  assert.equal(text, serializeCatalog([...many, forgotten, minimal("one-more")]));
  const read = parseCatalog(new TextEncoder().encode(text), keys.publicKey);
  assert.deepEqual([read.manifests.length, read.dropped], [many.length + 2, []]);
  assert.equal(ann.record().count, many.length + 2);
  assert.deepEqual(ann.warnings, []);
});

Deno.test("a home that wrote the list itself reads only packages that it has not listed", async () => {
  await using ann = await publisher({ remembers: true });
  for (const manifest of many) await ann.verify(manifest);
  await ann.list();
  assert.equal(await ann.catalog(), serializeCatalog(many));
  // A package that is not verified is not added to the list.
  await ann.place(minimal("unseen"));
  // Simulate a process that was killed after the verification and before the update of the list.
  await ann.verify(minimal("forgotten"));
  await ann.list(minimal("one-more"));
  const now = [...many, minimal("forgotten"), minimal("one-more")];
  assert.equal(await ann.catalog(), serializeCatalog(now));
  assert.equal(ann.record().count, now.length);
  // Verifying a package again keeps the record that it is listed.
  const before = ann.record();
  await ann.verify(many[7]!);
  await ann.list(many[8]!);
  assert.deepEqual(ann.record(), before);
  assert.deepEqual(ann.warnings, []);
});

Deno.test("a list that outgrows its record gets a catalog that has its earlier packages, too", async () => {
  await using ann = await publisher({ remembers: true });
  for (const manifest of many.slice(0, 3)) await ann.verify(manifest);
  await ann.list(...many.slice(0, 3));
  assert.equal(ann.record().packages?.size, 3);
  await ann.list(...many.slice(3));
  assert.equal(await ann.catalog(), serializeCatalog(many));
  assert.equal(ann.record().count, many.length);
});

Deno.test("after another machine put the list, the home reads all its packages", async () => {
  await using ann = await publisher({ remembers: true });
  for (const manifest of many) await ann.verify(manifest);
  await ann.list();
  const theirs = [...many.slice(0, 70), minimal("theirs")];
  await ann.replace(theirs);
  await ann.list(minimal("one-more"));
  assert.equal(
    await ann.catalog(),
    serializeCatalog([...theirs, ...many, minimal("one-more")]),
  );
  assert.equal(ann.record().count, many.length + 2);
});

Deno.test("two concurrent updates of the list keep each other's packages", async () => {
  await using ann = await publisher({ remembers: true });
  await ann.list(...many);
  const more = Array.from({ length: 4 }, (_, i) => minimal(`more-${i}`));
  await Promise.all(more.map((one) => ann.list(one)));
  assert.equal(await ann.catalog(), serializeCatalog([...many, ...more]));
  assert.equal(ann.record().count, many.length + 4);
});

Deno.test("a package published again with other bytes replaces its line", async () => {
  await using ann = await publisher();
  await ann.list(...many);
  const { protocol: _protocol, pubkey: _pubkey, signature: _signature, ...fields } = many[7]!;
  const other = signedMinimal({ ...fields, btih: "ef".repeat(20) }, keys);
  await ann.list(other);
  assert.equal(await ann.catalog(), serializeCatalog(many.with(7, other)));
});

Deno.test("an altered catalog is not extended", async () => {
  await using ann = await publisher();
  await ann.list(...many);
  const forged = serializeMinimal({ ...minimal("forged"), length: 1 });
  await Deno.writeTextFile(ann.path, await ann.catalog() + forged);
  for (const manifest of many) await ann.place(manifest);
  await ann.list(minimal("one-more"));
  assert.equal(await ann.catalog(), serializeCatalog([...many, minimal("one-more")]));
  assert.match(ann.warnings.join(), /nobody has the catalog/);
});

Deno.test("a record names a catalog only after catalog and index are seeded and announced", async () => {
  await using ann = await publisher({ daemon: true });
  await ann.list(...many);
  assert.equal(ann.asked.at(-1), "put");
  assert.deepEqual(ann.asked.slice(0, -1).sort(), [
    ...["announced", "announced"],
    `seed ${catalogFileName(keys.publicKey)}`,
    `seed ${indexFileName(keys.publicKey)}`,
  ]);
});
