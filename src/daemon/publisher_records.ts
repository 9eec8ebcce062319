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
  type NameIndexEntry,
  signItem,
  signNameIndexEntry,
} from "../records/mod.ts";
import {
  archiveFileName,
  catalogFileName,
  catalogKey,
  type MinimalManifest,
  serializeMinimal,
} from "../package/mod.ts";
import type { SeedDirectory } from "../store/mod.ts";
import { fetchCatalog, ownCatalog, versionsByName, writeCatalog } from "./catalogs.ts";
import { minimalOf } from "./manifest_item.ts";
import { lookUpStore, readNameIndex } from "./name_index.ts";
import { isNetworkError, newestItem, seqAfter } from "./newest_item.ts";
import { entryFromJson, entryToJson, itemToJson, type Operations } from "./operations.ts";

/** What writing these records works with. */
export interface PublisherContext {
  operations: Operations;
  seeds: SeedDirectory;
  clock: Clock;
  signal?: AbortSignal;
  /** The DHT was not reached a moment ago: nothing is looked up or put, only kept for `announce`. */
  blind?: boolean;
  /** Hears what is not as it should be. */
  onWarning?: (message: string) => void;
}

/**
 * Adds packages to the publisher's announce record, which is how ranges are resolved. What the DHT
 * lists already stays listed: another machine of the publisher may have put it. Without the DHT the
 * record is signed and kept all the same, for `announce`.
 */
export async function updateAnnounceRecord(
  context: PublisherContext,
  keys: Signer,
  added: readonly MinimalManifest[],
  nowMs: number,
): Promise<void> {
  const { operations, seeds, blind, signal, onWarning } = context;
  const { publicKey } = keys;
  const salt = announceSalt(publicKey);
  const before = await newestItem(operations, { publicKey, salt }, { blind, signal });
  const offer = new Map<string, Offered>();
  const take = (manifest: MinimalManifest) => {
    const { name, version } = manifest;
    offer.set(catalogKey(manifest), { name, version, line: serializeMinimal(manifest) });
  };
  if (before.item) {
    const record = decodeAnnounceRecord(before.item.value);
    for (const [name, versions] of record.packages ?? []) {
      for (const version of versions) offer.set(catalogKey({ name, version }), { name, version });
    }
    if (record.catalogInfoHash) {
      const lines = await linesBefore(context, publicKey, record.catalogInfoHash, before.blind);
      for (const [key, line] of lines ?? []) offer.set(key, { ...splitKey(key), line });
      // Nothing tells what the shorter list would leave out, nor whether anybody has the longer one.
      if (!lines && before.blind) return;
    }
  }
  const publisher = formatPublicKey(publicKey);
  const listed = [...offer.values()].filter(({ line }) => line !== undefined);
  const except = new Set(listed.map(({ name, version }) => archiveFileName(name, version)));
  for (const entry of await seeds.list(undefined, except)) {
    if (entry.problem === undefined && entry.minimal.pubkey === publisher) take(entry.minimal);
  }
  added.forEach(take);
  const packages = versionsByName(offer.values());
  const catalogInfoHash = announceFits({ packages, timestampMs: nowMs })
    ? undefined
    : await putCatalog(context, publicKey, offer);
  const seq = seqAfter(before, nowMs);
  const value = encodeAnnounceRecord({ packages, timestampMs: nowMs, catalogInfoHash });
  const same = before.item && sameOffer(before.item.value, value);
  const item = same ? before.item! : signItem(keys, { salt, seq, value });
  const outcome = await operations.store(
    { item: itemToJson(item), record: { kind: "announce" }, later: blind },
    { signal },
  ).catch((error) => {
    signal?.throwIfAborted();
    if (!isNetworkError(error)) throw error;
    return { holding: 0 };
  });
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
  { operations, clock, signal, blind, onWarning }: PublisherContext,
  keys: Signer,
  { name, version }: { name: string; version: string },
): Promise<void> {
  const nowMs = clock.now();
  try {
    const { entries } = blind
      ? { entries: [] }
      : await readNameIndex(lookUpStore(operations), name, clock, signal).catch((error) => {
        // The entry is signed and kept all the same.
        if (isNetworkError(error)) return { entries: [] };
        throw error;
      });
    const kept = await operations.nameEntry({ name, publicKey: toHex(keys.publicKey) });
    const known = entries.filter(({ publicKey }) => equalBytes(publicKey, keys.publicKey));
    if (kept.entry) known.push(entryFromJson(kept.entry));
    const entry = entryToSign(keys, name, version, known, nowMs);
    const { outcome, listed } = await operations.indexName(
      { name, entry: entryToJson(entry), later: blind },
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

/** A package that the publisher offers, with its line of the catalog where that is known. */
interface Offered {
  name: string;
  version: string;
  line?: string;
}

function splitKey(key: string): { name: string; version: string } {
  const at = key.lastIndexOf("@");
  return { name: key.slice(0, at), version: key.slice(at + 1) };
}

/** The catalog that the publisher's list was in until now; `undefined` if nobody has it any more. */
async function linesBefore(
  { operations, seeds, clock, signal, onWarning }: PublisherContext,
  publicKey: Uint8Array,
  infoHash: Uint8Array,
  blind: boolean,
): Promise<Map<string, string> | undefined> {
  const present = await ownCatalog(seeds.path, publicKey, infoHash);
  if (present) return present;
  if (!blind) {
    const before = { operations, seedDirectory: seeds.path, clock, timeoutMs: 20_000, signal };
    try {
      const { manifests } = await fetchCatalog(before, publicKey, infoHash);
      return new Map(manifests.map((one) => [catalogKey(one), serializeMinimal(one)]));
    } catch (error) {
      signal?.throwIfAborted();
      if (!isNetworkError(error)) throw error;
    }
  }
  onWarning?.(
    `nobody has the catalog of this publisher's packages (${
      toHex(infoHash)
    }); what only another machine of the publisher has is not listed until it publishes again`,
  );
  return undefined;
}

/**
 * Writes the catalog of everything that the publisher offers, and sees to it that it is seeded. What
 * neither this home nor the catalog before had is taken from the DHT.
 *
 * @returns its infohash, 20 bytes
 */
async function putCatalog(
  { operations, seeds, signal, onWarning }: PublisherContext,
  publicKey: Uint8Array,
  offer: ReadonlyMap<string, Offered>,
): Promise<Uint8Array> {
  const lines = new Map<string, string>();
  for (const [label, { name, version, line }] of offer) {
    if (line !== undefined) {
      lines.set(label, line);
      continue;
    }
    const key = { publicKey, salt: manifestSalt(name, version) };
    const { item } = await newestItem(operations, key, { signal });
    if (item) lines.set(label, serializeMinimal(minimalOf(item, { name, version })));
    else onWarning?.(`${label} is in no catalog: its record is not in the DHT any more`);
  }
  const infoHash = await writeCatalog(seeds.path, publicKey, lines);
  if ((await operations.status()).daemon) {
    await operations.addCatalog({ fileName: catalogFileName(publicKey) });
  }
  return infoHash;
}
