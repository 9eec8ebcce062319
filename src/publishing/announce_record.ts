/**
 * Adds packages to the publisher's announce record, the signed list that resolves version ranges. If the
 * list is too long for a record, it is written to a catalog file, and the record names the catalog.
 * `published_list.ts` reads and writes the list.
 *
 * @module
 */

import { equalBytes, isOfFuture, isWebSeedDirectory, usableWebSeeds } from "../base/mod.ts";
import { isNetworkError, newestRecord, seqAfter, versionsByName } from "../fetching/mod.ts";
import type { Signer } from "../identity/mod.ts";
import { catalogKey, type MinimalManifest, signingKeyOf } from "../package/mod.ts";
import {
  announceFits,
  announceSalt,
  decodeAnnounceRecord,
  encodeAnnounceRecord,
  encodeCatalogRecord,
  signItem,
} from "../records/mod.ts";
import type { SeedDirectory } from "../store/mod.ts";
import type { PublisherContext } from "./context.ts";
import { readPublishedList, writeCatalogWith } from "./published_list.ts";

/**
 * Adds packages to the publisher's announce record. Packages in the published record stay listed, since
 * another machine of the publisher may have added them. Without the DHT, the record is signed and kept, so
 * that `libreseed announce` can put the record later.
 *
 * If this home wrote the current list itself, only manifests of packages that are not yet listed are read.
 *
 * @param nowMs Unix time in milliseconds
 * @param given web seeds that the publisher names now. Their directories replace those in the record; none
 * at all removes them. If absent, the record's web seeds are kept
 * @throws {StoreError} `DIRECTORY_BUSY` if another command of this home holds the lock of the list for too
 * long
 */
export async function updateAnnounceRecord(
  context: PublisherContext,
  keys: Signer,
  added: readonly MinimalManifest[],
  nowMs: number,
  given?: readonly string[],
): Promise<void> {
  const { operations, seeds, isOffline, signal, onWarning, listed } = context;
  const { publicKey } = keys;
  using _ = await listed?.lock(signal);
  const salt = announceSalt(publicKey);
  const before = await newestRecord(operations, { publicKey, salt }, { isOffline, signal });
  const list = await readPublishedList(context, publicKey, before);
  // The current list is unknown, so nothing is written: a new list could omit packages of another machine.
  if (list === "unknown") return;
  const isKnown = listed !== undefined && list.isWhole && listed.isFromHere(before.item!);
  const found = isKnown
    ? listed.unlisted(publicKey, seeds.path)
    : await ownPackages(seeds, publicKey);
  const manifests = [...found, ...added];
  const packages = versionsByName(
    new Map([...list.packages, ...manifests].map((one) => [catalogKey(one), one])).values(),
  );
  const webSeeds = webSeedsOf(before.item?.value, given);
  const fields = { packages, timestampMs: nowMs, webSeeds };
  const value = list.catalog === undefined && announceFits(fields)
    ? encodeAnnounceRecord(fields)
    : encodeCatalogRecord({
      ...await writeCatalogWith(context, publicKey, list, manifests),
      timestampMs: nowMs,
      webSeeds,
    });
  // The existing record is reused if it lists the same packages. A record dated in the future, because the
  // clock was wrong, is signed again.
  const same = before.item && sameOffer(before.item.value, value) &&
    !isOfFuture(decodeAnnounceRecord(before.item.value).timestampMs, nowMs);
  const seq = seqAfter(before, nowMs);
  const item = same ? before.item! : await signItem(keys, { salt, seq, value });
  const outcome = await operations.store(
    { item, record: { kind: "announce" }, later: isOffline },
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

/** Returns the web seeds for the new record; `before` is the value of the present one. */
function webSeedsOf(before: Uint8Array | undefined, given?: readonly string[]): string[] {
  const directories = given?.filter(isWebSeedDirectory) ?? [];
  if (directories.length > 0 || given?.length === 0) return directories;
  return usableWebSeeds(before ? decodeAnnounceRecord(before).webSeeds ?? [] : []);
}

/**
 * Whether two announce records list the same packages and web seeds. Their timestamps are ignored.
 */
function sameOffer(a: Uint8Array, b: Uint8Array): boolean {
  const [x, y] = [decodeAnnounceRecord(a), decodeAnnounceRecord(b)];
  if (x.webSeeds?.join("\n") !== y.webSeeds?.join("\n")) return false;
  if (x.catalogInfoHash || y.catalogInfoHash) {
    return x.catalogInfoHash !== undefined && y.catalogInfoHash !== undefined &&
      equalBytes(x.catalogInfoHash, y.catalogInfoHash);
  }
  const encode = (packages: ReadonlyMap<string, string[]>) =>
    encodeAnnounceRecord({ packages, timestampMs: 0 });
  return equalBytes(encode(x.packages!), encode(y.packages!));
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
