/**
 * Fetching: finds the package of a publisher by name and version range, and downloads the verified
 * archive into the seed directory. This code runs in the command's thread, or in a daemon that mirrors
 * publishers. The host does the lookups and downloads.
 *
 * The command `get KEY/NAME@^1` has four stages. Read the files in this order:
 *
 * 1. `lookUpRecord` (`record_lookup.ts`) looks a record up once. Its outcome is found, absent, or
 *    unanswered. `findRecord` (`find_record.ts`) repeats the lookup with back-off.
 * 2. `readOffer` (`offer.ts`) reads the versions that a publisher lists, from its announce record or from
 *    a catalog (`publisher_list.ts`, `fetch_catalog.ts`), or of one package from the catalog's index
 *    (`catalog_index.ts`).
 * 3. `resolvePackage` (`resolve.ts`) chooses a version (`choose_version.ts`) and reads its minimal manifest
 *    (`manifest_record.ts`). `getHighestAvailable` (`version_fallback.ts`) falls back to a lower version
 *    if the highest has no peers, and `version_marks.ts` refuses a downgrade.
 * 4. `getArchive` (`get_archive.ts`) downloads with a stall timeout (`stall_timeout.ts`), verifies during
 *    the download (`streaming_verifier.ts`), and moves the archive into place.
 *
 * To save round trips, the lookup of a manifest begins when one node has shown the list that names it
 * (`head_start.ts`), and the download begins when one node has shown the manifest (`download_ahead.ts`).
 * The complete lookups decide which archive is kept.
 *
 * Peers of a publisher's rendezvous are asked beside the DHT (`rendezvous.ts`): for the publisher's records
 * (`publisher_keys.ts`), for a manifest record that the DHT lacks (`manifest_lookups.ts`), and for what they
 * seed (`seeders.ts`).
 *
 * `follow_scope.ts` decides which versions are followed, and `version_dates.ts` finds when versions were
 * signed. `good_list.ts` writes and fetches a publisher's list of archives that outlive a revoked key.
 *
 * The manifest or one file can be read without the rest of the archive: `beginning.ts`.
 *
 * `FetchContext` (`context.ts`) holds the dependencies of a download; every caller builds it with
 * `fetchContext`. `newest_record.ts` reads the newest record of a key before a publisher writes the next
 * one.
 *
 * Other folders choose the publisher for a bare name (`src/names`), use the network (`src/host`), and
 * verify archives (`src/package`).
 *
 * @module
 */

export { fetchFile, fetchManifest, type ReadBeginning, type WantedBeginning } from "./beginning.ts";
export {
  type CatalogContext,
  currentCatalogName,
  isCatalogName,
  isKeptCatalogName,
  keptCatalogName,
  type PresentCatalog,
  presentCatalog,
  writeCatalog,
} from "./catalog_files.ts";
export { type FetchContext, fetchContext, type FetchListeners } from "./context.ts";
export { CatalogIndex, keepIndex } from "./catalog_index.ts";
export { type CatalogRecord, fetchCatalog } from "./fetch_catalog.ts";
export { fetchGoodList, goodListFileName, writeGoodList } from "./good_list.ts";
export { type AnswerCounts, type FindOptions, findRecord, retryLookup } from "./find_record.ts";
export { getArchive, type Got, outsidePath } from "./get_archive.ts";
export type { GetRequest } from "./get_plan.ts";
export { describeEntry, webSeedsBeside } from "./describe_entry.ts";
export { ManifestLookups } from "./manifest_lookups.ts";
export { magnetOf, manifestRecord, minimalOf, webSeedsOfRecord } from "./manifest_record.ts";
export { type NewestVersions, newestVersions } from "./newest_versions.ts";
export { isNetworkError, type NewestRecord, newestRecord, seqAfter } from "./newest_record.ts";
export {
  listsAtRendezvous,
  type Offer,
  type OfferedFlags,
  readFlags,
  readOffers,
  versionsByName,
  type WantedOffer,
} from "./offer.ts";
export { OfferCache, type SeenOffers } from "./offer_cache.ts";
export {
  findUnderKeys,
  type FoundUnderKey,
  PublisherRecords,
  type Subject,
} from "./publisher_keys.ts";
export { partialPath, prefixPath, removeOldPartials } from "./partials.ts";
export { type OfferedVersions, readList } from "./publisher_list.ts";
export { Asking, itemsIn, type PublisherRendezvous, type RendezvousCaller } from "./rendezvous.ts";
export { lookUpRecord, type RecordLookup, recordLookup } from "./record_lookup.ts";
export {
  formatRequirement,
  isExact,
  isNewest,
  isTagged,
  packageRef,
  parsePackageRef,
  parseRequirement,
  rangesIntersect,
  type Requirement,
  requirementKey,
  satisfiesRange,
} from "./requirement.ts";
export { Descriptions } from "./descriptions.ts";
export { DownloadAhead } from "./download_ahead.ts";
export { acceptManifest, checkAccepted } from "./accept.ts";
export type { ShownManifest } from "./find_manifest.ts";
export { plainVersion, type Resolved, resolvePackage, type SkippedVersion } from "./resolve.ts";
export { findSeeders, type FoundSeeders, type HeardSeeder } from "./seeders.ts";
export { followedOf, formatFollowed, mayBeFollowed } from "./follow_scope.ts";
export { fittingVersions, isHigherVersion } from "./choose_version.ts";
export { knownFlags } from "./known_flags.ts";
export { datesInRecords } from "./version_dates.ts";
export { flagsOfVersion, type VersionFlags, warningsOf } from "./version_flags.ts";
export { knownManifest, rememberVerified } from "./verified.ts";
export { describeSkipped, getHighestAvailable, isUnseeded } from "./version_fallback.ts";
export {
  checkDowngrade,
  higherMarkOf,
  raiseMarks,
  type RangeKind,
  rangeKind,
} from "./version_marks.ts";
export { revokedUsesOf } from "./revoked_uses.ts";
export { countFollowed, unfollow } from "./unfollow.ts";
