/**
 * Adds packages to the publisher's announce record, the signed list that resolves version ranges, and
 * changes the flags in it (`flags.ts`). If the list is too long for a record, it is written to a catalog
 * file, and the record names the catalog and its index. `published_list.ts` reads and writes the list.
 *
 * @module
 */

import {
  equalBytes,
  type FlagsByName,
  hasFlags,
  isOfFuture,
  isWebSeedDirectory,
  usableWebSeeds,
} from "../base/mod.ts";
import type { PutOutcome } from "../dht/mod.ts";
import { isNetworkError, newestRecord, seqAfter, versionsByName } from "../fetching/mod.ts";
import { identityOf, type Signer } from "../identity/mod.ts";
import { catalogKey, catalogVersions, type MinimalManifest, signingKeyOf } from "../package/mod.ts";
import {
  announceFits,
  type AnnounceRecord,
  announceSalt,
  decodeAnnounceRecord,
  encodeAnnounceRecord,
  encodeCatalogRecord,
  flagsFit,
  signItem,
} from "../records/mod.ts";
import type { SeedDirectory } from "../store/mod.ts";
import type { PublisherContext } from "./context.ts";
import { silentDht } from "./errors.ts";
import { readPublishedList, writeCatalogWith } from "./published_list.ts";

/** Changes of an announce record besides those of the list of packages. */
export interface ListChange {
  /**
   * Web seeds that the publisher names now. Their directories replace those in the record; none at all
   * removes them. If absent, the record's web seeds are kept.
   */
  webSeeds?: readonly string[];
  /** Returns the flags to write, given those in force. If absent, the flags are kept. */
  flags?: (flags: FlagsByName, list: OfferedList) => FlagsByName;
}

/** The versions that a publisher offers. */
export interface OfferedList {
  /** Returns the listed versions of a package, yanked ones included. */
  versionsOf: (name: string) => readonly string[];
}

/** Outcome of an update of the announce record. */
export interface WrittenList extends OfferedList {
  /** The flags in force now. */
  flags: FlagsByName;
  /** Outcome of the put; `undefined` if the network failed, so that the record is only kept. */
  outcome?: PutOutcome;
}

/**
 * Adds packages to the publisher's announce record. Packages in the published record stay listed, since
 * another machine of the publisher may have added them. Without the DHT, the record is signed and kept, so
 * that `libreseed announce` can put the record later.
 *
 * If this home wrote the current list itself, only manifests of packages that are not yet listed are read.
 *
 * @param nowMs Unix time in milliseconds
 * @throws {StoreError} `DIRECTORY_BUSY` if another command of this home holds the lock of the list for too
 * long
 * @throws what `change.flags` throws
 */
export async function updateAnnounceRecord(
  context: PublisherContext,
  keys: Signer,
  added: readonly MinimalManifest[],
  nowMs: number,
  change: ListChange = {},
): Promise<void> {
  const written = await writeList(context, keys, added, nowMs, change);
  if (written && (written.outcome?.holding ?? 0) === 0) {
    context.onWarning?.(
      "no node took the list of this publisher's packages; `libreseed announce` tries again",
    );
  }
}

/**
 * Writes the publisher's list as {@linkcode updateAnnounceRecord} does.
 *
 * @param needsDht whether the newest list has to be known: if the DHT does not answer or the catalog
 * cannot be read, nothing is written
 * @returns `undefined` if the present list is unknown, so that nothing was written
 * @throws {PublishingError} `DHT_UNREACHABLE` (kind `network`) with `needsDht`
 */
export async function writeList(
  context: PublisherContext,
  keys: Signer,
  added: readonly MinimalManifest[],
  nowMs: number,
  { webSeeds: given, flags: change }: ListChange,
  needsDht = false,
): Promise<WrittenList | undefined> {
  const { operations, seeds, isOffline, signal, listed } = context;
  const { publicKey } = keys;
  using _ = await listed?.lock(signal);
  const salt = announceSalt(publicKey);
  const rendezvous = { identity: identityOf(keys), clock: context.clock };
  const finding = { isOffline, signal, rendezvous };
  const before = await newestRecord(operations, { publicKey, salt }, finding);
  if (needsDht && before.isOffline) throw silentDht();
  const list = await readPublishedList(context, publicKey, before);
  // The current list is unknown, so nothing is written: a new list could omit packages of another machine.
  if (list === "unknown" || (needsDht && list.isCatalogLost)) return undefined;
  const isKnown = listed !== undefined && list.isWhole && listed.isFromHere(before.item!);
  const found = isKnown
    ? listed.unlisted(publicKey, seeds.path)
    : await ownPackages(seeds, publicKey);
  const manifests = [...found, ...added];
  const packages = versionsByName(
    new Map([...list.packages, ...manifests].map((one) => [catalogKey(one), one])).values(),
  );
  const { catalog } = list;
  const versionsOf = (name: string) => [
    ...new Set([
      ...packages.get(name) ?? [],
      ...catalog ? catalogVersions(catalog.bytes, name) ?? [] : [],
    ]),
  ];
  const seq = list.flags ? before.item!.seq : -1;
  const read = listed?.settleFlags(keys, seq, list.flags ?? new Map()) ?? list.flags;
  const flags = withoutEmpty(change?.(read ?? new Map(), { versionsOf }) ?? read ?? new Map());
  const webSeeds = webSeedsOf(before.item?.value, given);
  const fields = { packages, timestampMs: nowMs, webSeeds, flags };
  const value = catalog === undefined && announceFits(fields)
    ? encodeAnnounceRecord(fields)
    : encodeCatalogRecord({
      ...await writeCatalogWith(
        context,
        publicKey,
        list,
        manifests,
        flagsFit(fields) ? none : flags,
      ),
      timestampMs: nowMs,
      webSeeds,
      flags: flagsFit(fields) ? flags : "in catalog",
    });
  // The existing record is reused if it lists the same packages. A record dated in the future, because the
  // clock was wrong, is signed again.
  const same = before.item && sameOffer(before.item.value, value) &&
    !isOfFuture(decodeAnnounceRecord(before.item.value).timestampMs, nowMs);
  const item = same
    ? before.item!
    : await signItem(keys, { salt, seq: seqAfter(before, nowMs), value });
  const outcome = await operations.store(
    { item, record: { kind: "announce" }, later: isOffline },
    { signal },
  ).catch((error) => {
    signal?.throwIfAborted();
    if (!isNetworkError(error)) throw error;
    return undefined;
  });
  listed?.note(publicKey, manifests);
  if (!outcome?.superseded && !outcome?.conflict) listed?.settleFlags(keys, item.seq, flags);
  return { flags, versionsOf, outcome };
}

const none: FlagsByName = new Map();

function withoutEmpty(flags: FlagsByName): FlagsByName {
  return new Map([...flags].filter(([, one]) => hasFlags(one)));
}

/** Returns the web seeds for the new record; `before` is the value of the present one. */
function webSeedsOf(before: Uint8Array | undefined, given?: readonly string[]): string[] {
  const directories = given?.filter(isWebSeedDirectory) ?? [];
  if (directories.length > 0 || given?.length === 0) return directories;
  return usableWebSeeds(before ? decodeAnnounceRecord(before).webSeeds ?? [] : []);
}

/**
 * Whether two announce records have the same packages, flags and web seeds. Their timestamps are ignored.
 */
function sameOffer(a: Uint8Array, b: Uint8Array): boolean {
  const [x, y] = [decodeAnnounceRecord(a), decodeAnnounceRecord(b)];
  if (x.webSeeds?.join("\n") !== y.webSeeds?.join("\n")) return false;
  if (x.catalogHasFlags !== y.catalogHasFlags) return false;
  if (x.catalogInfoHash || y.catalogInfoHash) {
    const flagsOf = ({ flags }: AnnounceRecord) =>
      encodeCatalogRecord({ count: 0, timestampMs: 0, catalogInfoHash: new Uint8Array(20), flags });
    const [before, after] = [x.indexInfoHash, y.indexInfoHash];
    if (!equalBytes(before ?? new Uint8Array(), after ?? new Uint8Array())) return false;
    return x.catalogInfoHash !== undefined && y.catalogInfoHash !== undefined &&
      equalBytes(x.catalogInfoHash, y.catalogInfoHash) && equalBytes(flagsOf(x), flagsOf(y));
  }
  const encode = ({ packages, flags }: AnnounceRecord) =>
    encodeAnnounceRecord({ packages: packages!, timestampMs: 0, flags });
  return equalBytes(encode(x), encode(y));
}

/** Returns the manifests of the valid packages in the seed directory that a key has signed. */
async function ownPackages(
  seeds: SeedDirectory,
  publicKey: Uint8Array,
): Promise<MinimalManifest[]> {
  return (await seeds.list())
    .filter((entry) => entry.problem === undefined)
    .map(({ minimal }) => minimal)
    .filter((minimal) => equalBytes(signingKeyOf(minimal), publicKey));
}
