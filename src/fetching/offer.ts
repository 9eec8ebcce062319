/**
 * Reads the versions that a publisher offers and their flags: for each key that signs for it, from the key's
 * announce record or catalog.
 *
 * @module
 */

import type { FlagsByName } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import {
  announceSalt,
  decodeAnnounceRecord,
  type MutableItem,
  RecordError,
  type SigningKey,
} from "../records/mod.ts";
import type { CatalogIndex } from "./catalog_index.ts";
import type { FindOptions } from "./find_record.ts";
import {
  findUnderKeys,
  type FoundUnderKey,
  type PublisherRecords,
  type Subject,
} from "./publisher_keys.ts";
import { type OfferedVersions, readList } from "./publisher_list.ts";

/** The packages that a publisher's key offers, with their flags, by one of its announce records. */
export interface Offer {
  /** The key that signed the announce record. */
  key: SigningKey;
  /** BEP 44 sequence number of the announce record. */
  seq: number;
  /** The announce record. */
  item: MutableItem;
  /** Listed versions by package name, yanked ones included. */
  packages: OfferedVersions;
  /**
   * The index of the catalog, if only a part of the list was read from it: `packages` and `flags` are then
   * those of the package that was asked for.
   */
  index?: CatalogIndex;
  /** Flags by package name. Packages without flags are absent. */
  flags: FlagsByName;
  /** Manifests of listed versions; absent if the list is in the announce record, which has none. */
  manifests?: readonly MinimalManifest[];
}

/** The flags of the packages of a publisher's key. `packages` is absent if the catalog was not needed. */
export type OfferedFlags =
  & Pick<Offer, "key" | "seq" | "item" | "flags" | "index" | "manifests">
  & { packages?: OfferedVersions };

/** The part of a publisher's offers that is read. */
export interface WantedOffer {
  /** The package that is wanted, so that less of a catalog has to be read; if absent, all are. */
  name?: string;
  /** Offers of the publisher that were read for another package; their records are not looked up again. */
  known?: readonly OfferedFlags[];
}

/** Options of reading the offers of a publisher. */
export interface OfferOptions extends FindOptions, WantedOffer {
  /** See `Subject.hint` of `publisher_keys.ts`. */
  hint?: SigningKey;
  /** Returns the `seq` of the newest list of a key that this home has seen, as far as it knows. */
  seenSeq?: (key: Uint8Array) => number | undefined;
}

/**
 * Reads the packages and versions that a publisher's keys offer, and their flags.
 *
 * @param publicKey the publisher's identity, 32 bytes
 * @param onShown called with the offer in an announce record that a node shows, before the lookup has
 * ended. A later offer of the same key may replace it. Not called for a record that names a catalog
 * @returns one or more offers, in the order of the keys in the publisher record
 * @throws {FetchingError} `RECORD_NOT_FOUND` (kind `not-found`), `DHT_UNREACHABLE`, `CATALOG_UNREACHABLE`
 * (kind `network`)
 * @throws {PackageError} `CATALOG_TOO_LARGE`, `CATALOG_INVALID` (kind `verification`)
 */
export async function readOffers(
  operations: Operations,
  records: PublisherRecords,
  publicKey: Uint8Array,
  options: OfferOptions,
  onShown?: (offer: Offer) => void,
): Promise<Offer[]> {
  const offers = await read(operations, records, publicKey, options, true, (offer) => {
    if (offer.packages) onShown?.({ ...offer, packages: offer.packages });
  });
  return offers.map((offer) => ({ ...offer, packages: offer.packages! }));
}

/**
 * Reads the flags of a publisher's packages, with one lookup for each key. A catalog is fetched only if the
 * flags are in it.
 *
 * @throws as {@linkcode readOffers}
 */
export async function readFlags(
  operations: Operations,
  records: PublisherRecords,
  publicKey: Uint8Array,
  options: OfferOptions,
): Promise<OfferedFlags[]> {
  return await read(operations, records, publicKey, options, false);
}

async function read(
  operations: Operations,
  records: PublisherRecords,
  publicKey: Uint8Array,
  options: OfferOptions,
  needsPackages: boolean,
  onShown?: (offer: OfferedFlags) => void,
): Promise<OfferedFlags[]> {
  const finding = needsPackages ? options : { ...options, timeoutMs: 0 };
  const found: readonly Pick<FoundUnderKey, "key" | "item">[] = options.known ??
    await findUnderKeys(operations, records, {
      publicKey,
      label: `what ${formatPublicKey(publicKey)} publishes`,
      saltOf: announceSalt,
      hint: options.hint,
      ...listsAtRendezvous(options.seenSeq),
      onShown: (key) => (item) => {
        const { seq, value } = item;
        const { packages, flags = new Map() } = decodeAnnounceRecord(value);
        onShown?.({ key, seq, item, packages, flags });
      },
    }, finding);
  const read = await Promise.allSettled(
    found.map((one) => readOne(operations, publicKey, one, options, needsPackages)),
  );
  options.signal?.throwIfAborted();
  // A key whose catalog cannot be read must not hide what the publisher's other keys offer.
  const offers = read.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
  const [failed] = read.flatMap((one) => one.status === "rejected" ? [one.reason] : []);
  if (offers.length === 0) throw failed;
  return offers;
}

/**
 * Returns the part of a {@linkcode Subject} that has announce records asked for at the publisher's
 * rendezvous too.
 *
 * @param seenSeq see `Subject.atRendezvous`
 */
export function listsAtRendezvous(
  seenSeq?: (key: Uint8Array) => number | undefined,
): Pick<Subject, "atRendezvous"> {
  return { atRendezvous: { isReadable, seenSeq } };
}

function isReadable({ value }: MutableItem): boolean {
  try {
    decodeAnnounceRecord(value);
    return true;
  } catch (error) {
    if (error instanceof RecordError) return false;
    throw error;
  }
}

async function readOne(
  operations: Operations,
  publisher: Uint8Array,
  { key, item }: Pick<FoundUnderKey, "key" | "item">,
  options: OfferOptions,
  needsPackages: boolean,
): Promise<OfferedFlags> {
  const { packages, flags = new Map(), catalogHasFlags } = decodeAnnounceRecord(item.value);
  if (!catalogHasFlags && (packages || !needsPackages)) {
    return { key, seq: item.seq, item, packages, flags };
  }
  const { seedDirectory } = await operations.status();
  const list = await readList(
    { ...options, operations, seedDirectory, publisher },
    key.key,
    item,
    options.name,
  );
  return {
    key,
    ...{ seq: list.item.seq, item: list.item, index: list.index },
    packages: list.packages ?? versionsByName(list.catalog.manifests),
    flags: list.flags,
    ...(list.catalog && { manifests: list.catalog.manifests }),
  };
}

/** Groups packages by name. The versions of a name keep their order. */
export function versionsByName(
  packages: Iterable<{ name: string; version: string }>,
): Map<string, string[]> {
  const versions = new Map<string, string[]>();
  for (const { name, version } of packages) {
    const before = versions.get(name);
    if (before) before.push(version);
    else versions.set(name, [version]);
  }
  return versions;
}
