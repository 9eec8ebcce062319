/**
 * A publisher's list that does not fit into one record: its catalog grows by what is published, and
 * keeps what only another machine of the publisher has.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { LibreseedError } from "../../../src/base/mod.ts";
import { itemFromJson, type ItemJson, type Operations } from "../../../src/daemon/operations.ts";
import { updateAnnounceRecord } from "../../../src/daemon/publisher_records.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import {
  archiveFileName,
  catalogFileName,
  describeBytes,
  minimalFileName,
  type MinimalManifest,
  parseCatalog,
  serializeCatalog,
  serializeMinimal,
  signMinimal,
} from "../../../src/package/mod.ts";
import { decodeAnnounceRecord } from "../../../src/records/mod.ts";
import { SeedDirectory } from "../../../src/store/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { temporaryHome } from "../../support/mod.ts";

const keys = generateKeyPair();
const LENGTH = 3;

function minimal(name: string, by = keys): MinimalManifest {
  const common = { version: "1.0.0", infohash: `sha256:${"cd".repeat(32)}`, btih: "ab".repeat(20) };
  return signMinimal({ ...common, name, length: LENGTH, timestamp: 1_780_000_000_000 }, by);
}

const many = Array.from({ length: 80 }, (_, i) => minimal(`package-${i}`));

/** A publisher's seed directory, and a DHT that has whatever was stored last. */
async function publisher() {
  const directory = await temporaryHome();
  const clock = new FakeClock();
  let item: ItemJson | undefined;
  const warnings: string[] = [];
  const operations = {
    lookUp: () => Promise.resolve({ item, others: [], asked: 8, responded: 8 }),
    keptItem: () => Promise.resolve({ item }),
    store(request: { item: ItemJson }) {
      item = request.item;
      return Promise.resolve({ holding: 8 });
    },
    status: () => Promise.resolve({ daemon: false }),
    download: () => Promise.reject(new LibreseedError("network", "NOBODY", "nobody has it")),
  } as unknown as Operations;
  const seeds = new SeedDirectory(directory.path);
  const context = {
    ...{ operations, seeds, clock },
    onWarning: (message: string) => warnings.push(message),
  };
  const path = join(directory.path, catalogFileName(keys.publicKey));
  return {
    path,
    warnings,
    list: (...added: MinimalManifest[]) =>
      updateAnnounceRecord(context, keys, added, clock.now()).then(() => clock.advance(1_000)),
    /** Puts a package into the seed directory. */
    async place(manifest: MinimalManifest) {
      const archive = join(directory.path, archiveFileName(manifest.name, manifest.version));
      await Deno.writeFile(archive, new Uint8Array(LENGTH));
      await Deno.writeTextFile(minimalFileName(archive), serializeMinimal(manifest));
    },
    record: () => decodeAnnounceRecord(itemFromJson(item!).value),
    catalog: () => Deno.readTextFile(path),
    [Symbol.asyncDispose]: () => directory.remove(),
  };
}

Deno.test("a catalog grows by what is published, and by what lies in the seed directory unlisted", async () => {
  await using ann = await publisher();
  await ann.list(...many);
  const bytes = new TextEncoder().encode(await ann.catalog());
  const named = ann.record();
  assert.equal(named.count, many.length);
  const { infoHash } = describeBytes(catalogFileName(keys.publicKey), bytes);
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

Deno.test("what is published again with other bytes takes the place of its line", async () => {
  await using ann = await publisher();
  await ann.list(...many);
  const { protocol: _protocol, pubkey: _pubkey, signature: _signature, ...fields } = many[7]!;
  const other = signMinimal({ ...fields, btih: "ef".repeat(20) }, keys);
  await ann.list(other);
  assert.equal(await ann.catalog(), serializeCatalog(many.with(7, other)));
});

Deno.test("a catalog that somebody has altered is not gone on with", async () => {
  await using ann = await publisher();
  await ann.list(...many);
  const forged = serializeMinimal({ ...minimal("forged"), length: 1 });
  await Deno.writeTextFile(ann.path, await ann.catalog() + forged);
  for (const manifest of many) await ann.place(manifest);
  await ann.list(minimal("one-more"));
  assert.equal(await ann.catalog(), serializeCatalog([...many, minimal("one-more")]));
  assert.match(ann.warnings.join(), /nobody has the catalog/);
});
