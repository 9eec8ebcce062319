/**
 * The records that are about a publisher and not about one package: what it publishes (the announce
 * record, which is how ranges are resolved), and its entry in the index of a name.
 *
 * @module
 */

import semver from "semver";
import { type Clock, equalBytes, LibreseedError, toHex } from "../base/mod.ts";
import { formatPublicKey, type Signer } from "../identity/mod.ts";
import {
  announceFits,
  announceSalt,
  decodeAnnounceRecord,
  encodeAnnounceRecord,
  manifestSalt,
  type MutableItem,
  type NameIndexEntry,
  nextSeq,
  signItem,
  signNameIndexEntry,
} from "../records/mod.ts";
import { catalogFileName, type MinimalManifest } from "../package/mod.ts";
import type { SeedDirectory } from "../store/mod.ts";
import { fetchCatalog, writeCatalog } from "./catalogs.ts";
import { minimalOf } from "./manifest_item.ts";
import { lookUpStore, readNameIndex } from "./name_index.ts";
import {
  entryFromJson,
  entryToJson,
  itemFromJson,
  itemToJson,
  type Operations,
} from "./operations.ts";

/** What writing these records works with. */
export interface PublisherContext {
  operations: Operations;
  seeds: SeedDirectory;
  clock: Clock;
  signal?: AbortSignal;
  /** Hears what is not as it should be. */
  onWarning?: (message: string) => void;
}

/**
 * Adds packages to the publisher's announce record, which is how ranges are resolved. What the DHT
 * lists already stays listed: another machine of the publisher may have put it.
 */
export async function updateAnnounceRecord(
  context: PublisherContext,
  keys: Signer,
  added: readonly { name: string; version: string }[],
  nowMs: number,
): Promise<void> {
  const { operations, seeds, signal, onWarning } = context;
  const { publicKey } = keys;
  const salt = announceSalt(publicKey);
  const found = await operations.lookUp(
    { publicKey: toHex(publicKey), salt: toHex(salt) },
    { signal },
  );
  const stored = found.item && itemFromJson(found.item);
  const packages = new Map<string, string[]>();
  const list = (name: string, version: string) => {
    const versions = packages.get(name) ?? [];
    if (!versions.includes(version)) packages.set(name, [...versions, version]);
  };
  if (stored) {
    const record = decodeAnnounceRecord(stored.value);
    for (const [name, versions] of record.packages ?? []) {
      for (const version of versions) list(name, version);
    }
  }
  const publisher = formatPublicKey(publicKey);
  for (const entry of await seeds.list()) {
    if (entry.problem === undefined && entry.minimal.pubkey === publisher) {
      list(entry.name, entry.version);
    }
  }
  for (const { name, version } of added) list(name, version);
  const catalogInfoHash = announceFits({ packages, timestampMs: nowMs })
    ? undefined
    : await putCatalog(context, publicKey, packages, stored);
  const seq = nextSeq(nowMs, stored?.seq);
  const value = encodeAnnounceRecord({ packages, timestampMs: nowMs, catalogInfoHash });
  const same = stored && sameOffer(stored.value, value);
  const item = same ? stored : signItem(keys, { salt, seq, value });
  const outcome = await operations.store(
    { item: itemToJson(item), record: { kind: "announce" } },
    { signal },
  );
  if (outcome.holding === 0) {
    onWarning?.(
      "no node took the list of this publisher's packages; `libreseed announce` tries again",
    );
  }
}

/**
 * Sees to it that the index of the name lists this publisher with its latest version. Since when the
 * publisher has published under the name is kept: in the DHT others may have thrown it out.
 */
export async function updateNameIndex(
  { operations, clock, signal, onWarning }: PublisherContext,
  keys: Signer,
  { name, version }: { name: string; version: string },
): Promise<void> {
  const nowMs = clock.now();
  try {
    const { entries } = await readNameIndex(lookUpStore(operations), name, clock, signal);
    const kept = await operations.nameEntry({ name, publicKey: toHex(keys.publicKey) });
    const known = entries.filter(({ publicKey }) => equalBytes(publicKey, keys.publicKey));
    if (kept.entry) known.push(entryFromJson(kept.entry));
    const entry = entryToSign(keys, name, version, known, nowMs);
    const { outcome, listed } = await operations.indexName(
      { name, entry: entryToJson(entry) },
      { signal },
    );
    if (outcome.holding === 0) onWarning?.(`no node took the index of ${name}`);
    else if (!listed) {
      onWarning?.(
        `the index of ${name} is full of publishers who say that they were there first; by its publisher's key the package is found all the same`,
      );
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof LibreseedError)) throw error;
    // By its publisher's key the package is found all the same.
    onWarning?.(`${name} is not in the index of its name yet: ${error.message}`);
  }
}

/** The publisher's newest entry, or a new one if there is something new to say. */
function entryToSign(
  keys: Signer,
  name: string,
  version: string,
  known: readonly NameIndexEntry[],
  nowMs: number,
): NameIndexEntry {
  const [before] = [...known].sort((a, b) => b.timestampMs - a.timestampMs);
  const firstSeenMs = Math.min(nowMs, ...known.map((entry) => entry.firstSeenMs));
  const isLater = !before || !semver.valid(before.version) || semver.gt(version, before.version);
  if (!isLater && before.firstSeenMs === firstSeenMs) return before;
  return signNameIndexEntry(keys, name, {
    version: isLater ? version : before.version,
    firstSeenMs,
    // One that was signed a moment ahead of our clock must not outlive this one.
    timestampMs: Math.max(nowMs, before ? before.timestampMs + 1 : 0),
  });
}

/** Whether two announce records say the same, but for their time. */
function sameOffer(a: Uint8Array, b: Uint8Array): boolean {
  const [x, y] = [decodeAnnounceRecord(a), decodeAnnounceRecord(b)];
  if (x.catalogInfoHash || y.catalogInfoHash) {
    return x.catalogInfoHash !== undefined && y.catalogInfoHash !== undefined &&
      equalBytes(x.catalogInfoHash, y.catalogInfoHash);
  }
  const encode = (packages: ReadonlyMap<string, string[]>) =>
    encodeAnnounceRecord({ packages, timestampMs: 0 });
  return equalBytes(encode(x.packages!), encode(y.packages!));
}

/**
 * Writes the catalog of everything that the publisher offers, and sees to it that it is seeded. What
 * this home does not have is taken from the catalog before, or from the DHT.
 *
 * @returns its infohash, 20 bytes
 */
async function putCatalog(
  context: PublisherContext,
  publicKey: Uint8Array,
  packages: Map<string, string[]>,
  stored: MutableItem | undefined,
): Promise<Uint8Array> {
  const { operations, seeds, clock, signal, onWarning } = context;
  const manifests = new Map<string, MinimalManifest>();
  const take = (manifest: MinimalManifest) =>
    manifests.set(`${manifest.name}@${manifest.version}`, manifest);
  const pointer = stored && decodeAnnounceRecord(stored.value).catalogInfoHash;
  if (pointer) {
    const before = { operations, seedDirectory: seeds.path, clock, timeoutMs: 20_000, signal };
    const { manifests } = await fetchCatalog(before, publicKey, pointer);
    manifests.forEach(take);
  }
  for (const entry of await seeds.list()) {
    const isOwn = entry.problem === undefined &&
      entry.minimal.pubkey === formatPublicKey(publicKey);
    if (isOwn) take(entry.minimal);
  }
  for (const [name, versions] of packages) {
    for (const version of versions) {
      if (manifests.has(`${name}@${version}`)) continue;
      const salt = toHex(manifestSalt(name, version));
      const { item } = await operations.lookUp({ publicKey: toHex(publicKey), salt }, { signal });
      if (item) take(minimalOf(itemFromJson(item), { name, version }));
      else {onWarning?.(
          `${name}@${version} is in no catalog: its record is not in the DHT any more`,
        );}
    }
  }
  const infoHash = await writeCatalog(seeds.path, publicKey, [...manifests.values()]);
  if ((await operations.status()).daemon) {
    await operations.addCatalog({ fileName: catalogFileName(publicKey) });
  }
  return infoHash;
}
