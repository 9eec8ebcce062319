/**
 * The list of a publisher's packages in the announce record: reads the list from the record and its
 * catalog, and writes a catalog with additional packages.
 *
 * @module
 */

import { type FlagsByName, NO_FLAGS, toHex, utf8 } from "../base/mod.ts";
import {
  fetchCatalog,
  isNetworkError,
  keepIndex,
  minimalOf,
  type NewestRecord,
  newestRecord,
  type PresentCatalog,
  presentCatalog,
  writeCatalog,
} from "../fetching/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import {
  type Catalog,
  catalogFileName,
  catalogFlags,
  catalogKey,
  flagLines,
  growCatalog,
  type MinimalManifest,
  parseCatalog,
  serializeCatalog,
  serializeMinimal,
} from "../package/mod.ts";
import { type CatalogRecordFields, decodeAnnounceRecord, manifestSalt } from "../records/mod.ts";
import type { PublisherContext } from "./context.ts";

/** Time limit for fetching the publisher's own catalog (ms). */
const CATALOG_TIMEOUT_MS = 20_000;

/** List of a publisher's packages, as read from the announce record and its catalog. */
export interface PublishedList {
  /** Flags of the packages, by package name; absent if they are in a catalog that could not be read. */
  flags?: FlagsByName;
  /** Whether `flags` are in the catalog. */
  catalogHasFlags?: true;
  /** Packages that the announce record itself lists, without the packages in a catalog. */
  packages: { name: string; version: string }[];
  /** Catalog that the record names, and the number of lines in the catalog. */
  catalog?: { bytes: Uint8Array; count: number; present?: PresentCatalog };
  /** Whether the record names a catalog that could not be read. */
  isCatalogLost?: true;
  /** Whether the list is complete and exactly as the publisher signed it. */
  isWhole: boolean;
}

/**
 * Reads the list of the publisher's newest announce record. If no peer seeds the catalog, emits a warning
 * and treats the packages in the catalog as not listed.
 *
 * @returns `unknown` if the DHT is unreachable and this home lacks the catalog
 */
export async function readPublishedList(
  context: PublisherContext,
  publicKey: Uint8Array,
  { item, isOffline }: NewestRecord,
): Promise<PublishedList | "unknown"> {
  if (!item) return { packages: [], isWhole: false };
  const record = decodeAnnounceRecord(item.value);
  const { packages, count, catalogInfoHash, catalogHasFlags, flags = new Map() } = record;
  const inRecord = [...packages ?? []].flatMap(([name, versions]) =>
    versions.map((version) => ({ name, version }))
  );
  if (!catalogInfoHash) return { packages: inRecord, flags, isWhole: true };
  const { operations, seeds, clock, signal, onWarning } = context;
  const present = await presentCatalog(seeds.path, publicKey, catalogInfoHash);
  if (present) {
    const { bytes } = present;
    return {
      packages: inRecord,
      flags: catalogHasFlags ? catalogFlags(bytes) : flags,
      catalogHasFlags,
      catalog: { bytes, count, present },
      isWhole: true,
    };
  }
  if (!isOffline) {
    const timeoutMs = CATALOG_TIMEOUT_MS;
    const fetching = { operations, seedDirectory: seeds.path, clock, timeoutMs, signal };
    try {
      const fetched = await fetchCatalog(fetching, publicKey, { ...record, catalogInfoHash });
      return {
        packages: inRecord,
        flags: catalogHasFlags ? fetched.flags : flags,
        catalogHasFlags,
        catalog: catalogOf(fetched),
        isWhole: false,
      };
    } catch (error) {
      signal?.throwIfAborted();
      if (!isNetworkError(error)) throw error;
    }
  }
  onWarning?.(
    `nobody has the catalog of this publisher's packages (${
      toHex(catalogInfoHash)
    }); packages that only another machine of the publisher has are not listed until it publishes again`,
  );
  if (isOffline) return "unknown";
  return {
    packages: inRecord,
    ...(!catalogHasFlags && { flags }),
    isCatalogLost: true,
    isWhole: false,
  };
}

function catalogOf(
  { manifests, flags }: Pick<Catalog, "manifests" | "flags">,
): { bytes: Uint8Array; count: number } {
  return { bytes: utf8(serializeCatalog(manifests, flags)), count: manifests.length };
}

/**
 * Writes a catalog that also contains the given packages, and its index, and lets a running daemon seed
 * both. Packages that the record itself listed are moved to the catalog. If this home lacks the manifest of
 * such a package, the manifest is looked up in the DHT.
 *
 * @param flags flags that the catalog shall have; those of other packages are removed from it
 */
export async function writeCatalogWith(
  context: PublisherContext,
  publicKey: Uint8Array,
  list: PublishedList,
  manifests: readonly MinimalManifest[],
  flags: FlagsByName,
): Promise<Pick<CatalogRecordFields, "count" | "catalogInfoHash" | "indexInfoHash">> {
  const { operations, seeds, signal, isOffline } = context;
  const lines = new Map(manifests.map((one) => [catalogKey(one), serializeMinimal(one)]));
  for (const one of list.packages) {
    const key = catalogKey(one);
    if (lines.has(key)) continue;
    const manifest = await manifestOf(context, publicKey, one);
    if (manifest) lines.set(key, serializeMinimal(manifest));
  }
  // An empty line removes the line that was there.
  const flagged = list.catalogHasFlags ? list.flags!.keys() : [];
  const without = new Map([...flagged].map((name) => [name, NO_FLAGS]));
  for (const [key, line] of flagLines(new Map([...without, ...flags]))) lines.set(key, line);
  let before = list.catalog ?? { bytes: new Uint8Array(), count: 0 };
  let grown = growCatalog(before.bytes, lines);
  if (!grown) {
    // The existing catalog is malformed, so a new catalog is built from its valid lines.
    before = catalogOf(parseCatalog(before.bytes, publicKey));
    grown = growCatalog(before.bytes, lines)!;
  }
  const { present, count } = before;
  const catalogInfoHash = present?.isCurrent && grown.bytes === before.bytes
    ? present.torrent.infoHash
    : await writeCatalog(seeds.path, publicKey, grown, present);
  // Catalog and index are seeded and announced before the record, because readers of the record download
  // them.
  const announce = !isOffline;
  const fetching = { operations, seedDirectory: seeds.path, signal };
  const indexing = keepIndex(fetching, publicKey, grown.bytes, { announce });
  if ((await operations.status()).daemon) {
    const fileName = catalogFileName(publicKey);
    await Promise.all([indexing, operations.addCatalog({ fileName, announce }, { signal })]);
  }
  const indexInfoHash = await indexing;
  return { count: count + grown.added, catalogInfoHash, indexInfoHash };
}

/** Returns the manifest of a listed package from the seed directory, otherwise from the DHT. */
async function manifestOf(
  { operations, seeds, signal, onWarning }: PublisherContext,
  publicKey: Uint8Array,
  { name, version }: { name: string; version: string },
): Promise<MinimalManifest | undefined> {
  const entry = await seeds.find({ name, version, pubkey: formatPublicKey(publicKey) });
  if (entry) return entry.minimal;
  const key = { publicKey, salt: manifestSalt(name, version) };
  const { item } = await newestRecord(operations, key, { signal });
  if (item) return minimalOf(item, { name, version });
  onWarning?.(`${name}@${version} is in no catalog: its record has left the DHT`);
  return undefined;
}
