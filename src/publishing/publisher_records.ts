/**
 * The records that are about a publisher and not about one package: what it publishes (the announce
 * record, which is how ranges are resolved), and its entry in the index of a name.
 *
 * @module
 */

import { type Clock, equalBytes, isOfFuture, LibreseedError, toHex, utf8 } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import {
  fetchCatalog,
  isNetworkError,
  minimalOf,
  type NewestItem,
  newestItem,
  type PresentCatalog,
  presentCatalog,
  seqAfter,
  versionsByName,
  writeCatalog,
} from "../fetching/mod.ts";
import { formatPublicKey, type Signer } from "../identity/mod.ts";
import { entryToSign, lookUpStore, readNameIndex } from "../names/mod.ts";
import {
  catalogFileName,
  catalogKey,
  growCatalog,
  type MinimalManifest,
  parseCatalog,
  serializeCatalog,
  serializeMinimal,
} from "../package/mod.ts";
import {
  announceFits,
  announceSalt,
  decodeAnnounceRecord,
  encodeAnnounceRecord,
  encodeCatalogRecord,
  manifestSalt,
  nameIndexSlot,
  signItem,
} from "../records/mod.ts";
import type { SeedDirectory } from "../store/mod.ts";
import type { ListedPackages } from "./listed.ts";

/** What writing these records works with. */
export interface PublisherContext {
  operations: Operations;
  seeds: SeedDirectory;
  clock: Clock;
  signal?: AbortSignal;
  /** What this home knows of the list; all of the seed directory is looked at without it. */
  listed?: ListedPackages;
  /** The DHT was not reached a moment ago: nothing is looked up or put, only kept for `announce`. */
  blind?: boolean;
  /** Hears what is not as it should be. */
  onWarning?: (message: string) => void;
}

/**
 * Adds packages to the publisher's announce record, which is how ranges are resolved. What the DHT
 * lists already stays listed: another machine of the publisher may have put it. Without the DHT the
 * record is signed and kept all the same, for `announce`.
 *
 * Where this home has written the list itself, and has it, only what is new is looked at.
 *
 * @throws {StoreError} `DIRECTORY_BUSY` if another command of this home has been listing for too long
 */
export async function updateAnnounceRecord(
  context: PublisherContext,
  keys: Signer,
  added: readonly MinimalManifest[],
  nowMs: number,
): Promise<void> {
  const { operations, seeds, blind, signal, onWarning, listed } = context;
  const { publicKey } = keys;
  using _ = await listed?.lock(signal);
  const salt = announceSalt(publicKey);
  const before = await newestItem(operations, { publicKey, salt }, { blind, signal });
  const list = await listBefore(context, publicKey, before);
  // Nothing tells what a shorter list would leave out, nor whether anybody has the longer one.
  if (list === "unknown") return;
  const isKnown = listed !== undefined && list.isWhole && listed.isFromHere(before.item!);
  const found = isKnown
    ? listed.unlisted(publicKey, seeds.path)
    : await ownPackages(seeds, publicKey);
  const manifests = [...found, ...added];
  const packages = versionsByName(
    new Map([...list.packages, ...manifests].map((one) => [catalogKey(one), one])).values(),
  );
  const value = list.catalog === undefined && announceFits({ packages, timestampMs: nowMs })
    ? encodeAnnounceRecord({ packages, timestampMs: nowMs })
    : encodeCatalogRecord({
      ...await putCatalog(context, publicKey, list, manifests),
      timestampMs: nowMs,
    });
  // One that was dated by a clock that was ahead is signed anew.
  const same = before.item && sameOffer(before.item.value, value) &&
    !isOfFuture(decodeAnnounceRecord(before.item.value).timestampMs, nowMs);
  const seq = seqAfter(before, nowMs);
  const item = same ? before.item! : signItem(keys, { salt, seq, value });
  const outcome = await operations.store(
    { item, record: { kind: "announce" }, later: blind },
    { signal },
  ).catch((error) => {
    signal?.throwIfAborted();
    if (!isNetworkError(error)) throw error;
    return { holding: 0 };
  });
  listed?.note(publicKey, manifests);
  if (outcome.holding === 0) {
    onWarning?.(
      "no node took the list of this publisher's packages; `libreseed announce` tries again",
    );
  }
}

/**
 * Sees to it that the index of the name lists this publisher with its latest version. Since when the
 * publisher has published under the name is kept: in the DHT others may have thrown it out.
 *
 * @returns whether it is listed; if not, it was warned of
 */
export async function updateNameIndex(
  { operations, clock, signal, blind, onWarning }: PublisherContext,
  keys: Signer,
  { name, version }: { name: string; version: string },
): Promise<boolean> {
  const nowMs = clock.now();
  try {
    const { entries } = blind
      ? { entries: [] }
      : await readNameIndex(lookUpStore(operations), name, clock, signal, [
        nameIndexSlot(keys.publicKey),
      ]).catch((error) => {
        // The entry is signed and kept all the same.
        if (isNetworkError(error)) return { entries: [] };
        throw error;
      });
    const kept = await operations.nameEntry({ name, publicKey: keys.publicKey });
    const known = entries.filter(({ publicKey }) => equalBytes(publicKey, keys.publicKey));
    if (kept.entry) known.push(kept.entry);
    const entry = entryToSign(keys, name, version, known, nowMs);
    const { outcome, listed } = await operations.indexName(
      { name, entry, later: blind },
      { signal },
    );
    if (outcome.holding > 0 && listed) return true;
    if (outcome.holding === 0) onWarning?.(`no node took the index of ${name}`);
    else {
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
  return false;
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

/** What a publisher's list had until now. */
interface ListBefore {
  /** The packages that the record itself lists. */
  packages: { name: string; version: string }[];
  /** The catalog that it names, and how many lines that has. */
  catalog?: { bytes: Uint8Array; count: number; present?: PresentCatalog };
  /** Whether all of it is here, as it was signed. */
  isWhole: boolean;
}

/** What the list had; `unknown` if nobody can tell at present. */
async function listBefore(
  context: PublisherContext,
  publicKey: Uint8Array,
  { item, blind }: NewestItem,
): Promise<ListBefore | "unknown"> {
  if (!item) return { packages: [], isWhole: false };
  const { packages, count, catalogInfoHash } = decodeAnnounceRecord(item.value);
  const inRecord = [...packages ?? []].flatMap(([name, versions]) =>
    versions.map((version) => ({ name, version }))
  );
  if (!catalogInfoHash) return { packages: inRecord, isWhole: true };
  const { operations, seeds, clock, signal, onWarning } = context;
  const present = await presentCatalog(seeds.path, publicKey, catalogInfoHash);
  if (present) {
    const { bytes } = present;
    return { packages: inRecord, catalog: { bytes, count, present }, isWhole: true };
  }
  if (!blind) {
    const before = { operations, seedDirectory: seeds.path, clock, timeoutMs: 20_000, signal };
    try {
      const { manifests } = await fetchCatalog(before, publicKey, catalogInfoHash);
      return { packages: inRecord, catalog: catalogOf(manifests), isWhole: false };
    } catch (error) {
      signal?.throwIfAborted();
      if (!isNetworkError(error)) throw error;
    }
  }
  onWarning?.(
    `nobody has the catalog of this publisher's packages (${
      toHex(catalogInfoHash)
    }); what only another machine of the publisher has is not listed until it publishes again`,
  );
  return blind ? "unknown" : { packages: inRecord, isWhole: false };
}

function catalogOf(manifests: readonly MinimalManifest[]): { bytes: Uint8Array; count: number } {
  return { bytes: utf8(serializeCatalog(manifests)), count: manifests.length };
}

/** All of a publisher's that lies in the seed directory. */
async function ownPackages(
  seeds: SeedDirectory,
  publicKey: Uint8Array,
): Promise<MinimalManifest[]> {
  const publisher = formatPublicKey(publicKey);
  return (await seeds.list())
    .filter((entry) => entry.problem === undefined)
    .map(({ minimal }) => minimal)
    .filter(({ pubkey }) => pubkey === publisher);
}

/**
 * Writes the catalog with more packages, and sees to it that it is seeded. What the record listed
 * itself until now, and is neither among them nor in this home, is taken from the DHT.
 */
async function putCatalog(
  context: PublisherContext,
  publicKey: Uint8Array,
  list: ListBefore,
  manifests: readonly MinimalManifest[],
): Promise<{ count: number; catalogInfoHash: Uint8Array }> {
  const { operations, seeds, signal, blind } = context;
  const lines = new Map(manifests.map((one) => [catalogKey(one), serializeMinimal(one)]));
  for (const one of list.packages) {
    const key = catalogKey(one);
    if (lines.has(key)) continue;
    const manifest = await manifestOf(context, publicKey, one);
    if (manifest) lines.set(key, serializeMinimal(manifest));
  }
  let before = list.catalog ?? { bytes: new Uint8Array(), count: 0 };
  let grown = growCatalog(before.bytes, lines);
  if (!grown) {
    // The publisher has signed what is no catalog: its sound lines are kept.
    before = catalogOf(parseCatalog(before.bytes, publicKey).manifests);
    grown = growCatalog(before.bytes, lines)!;
  }
  const { present, count } = before;
  const catalogInfoHash = present && grown.bytes === before.bytes
    ? present.torrent.infoHash
    : await writeCatalog(seeds.path, publicKey, grown, present);
  if ((await operations.status()).daemon) {
    // Announced before the record names it: readers look for it from then on.
    const fileName = catalogFileName(publicKey);
    await operations.addCatalog({ fileName, announce: !blind }, { signal });
  }
  return { count: count + grown.added, catalogInfoHash };
}

/** The manifest of a package of which only the name and version are known. */
async function manifestOf(
  { operations, seeds, signal, onWarning }: PublisherContext,
  publicKey: Uint8Array,
  { name, version }: { name: string; version: string },
): Promise<MinimalManifest | undefined> {
  const entry = await seeds.find({ name, version, pubkey: formatPublicKey(publicKey) });
  if (entry) return entry.minimal;
  const key = { publicKey, salt: manifestSalt(name, version) };
  const { item } = await newestItem(operations, key, { signal });
  if (item) return minimalOf(item, { name, version });
  const label = `${name}@${version}`;
  onWarning?.(`${label} is in no catalog: its record is not in the DHT any more`);
  return undefined;
}
