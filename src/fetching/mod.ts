/**
 * From a publisher's key, a package name and a range to a verified archive in the seed directory. Runs in
 * the command's process; a daemon uses it to mirror publishers. The host does lookups and downloads.
 *
 * The stages of `get KEY/NAME@^1`, which is the order to read the files in:
 *
 * 1. `lookUpRecord` (`record_lookup.ts`) is the one lookup of a record, with the one type of its outcome:
 *    found, absent, or unanswered. `findRecord` (`find_record.ts`) repeats it with back-off.
 * 2. `readOffer` (`offer.ts`) reads the versions that a publisher lists, from its announce record or from
 *    a catalog (`publisher_list.ts`, `fetch_catalog.ts`).
 * 3. `resolvePackage` (`resolve.ts`) chooses a version and reads its minimal manifest
 *    (`manifest_record.ts`). `getHighestAvailable` (`version_fallback.ts`) goes to a lower version if the
 *    highest has no peers, and `version_marks.ts` refuses a downgrade.
 * 4. `getArchive` (`get_archive.ts`) downloads with a stall timeout (`stall_timeout.ts`), verifies during
 *    the download (`streaming_verifier.ts`), and moves the archive into place.
 *
 * `FetchContext` (`context.ts`) holds the dependencies of a download; every caller builds it with
 * `fetchContext`. `newest_record.ts` is the read that precedes a write of a record.
 *
 * Left to others: which publisher a bare name means (`src/names`), the network (`src/host`), the
 * verification chain (`src/package`).
 *
 * @module
 */

export {
  currentCatalogName,
  isCatalogName,
  isKeptCatalogName,
  keptCatalogName,
  type PresentCatalog,
  presentCatalog,
  writeCatalog,
} from "./catalog_files.ts";
export { type FetchContext, fetchContext, type FetchListeners } from "./context.ts";
export { type CatalogContext, fetchCatalog } from "./fetch_catalog.ts";
export { type AnswerCounts, type FindOptions, findRecord, retryLookup } from "./find_record.ts";
export { getArchive, type Got, outsidePath } from "./get_archive.ts";
export type { GetRequest } from "./get_plan.ts";
export { magnetOf, manifestRecord, minimalOf } from "./manifest_record.ts";
export { isNetworkError, type NewestRecord, newestRecord, seqAfter } from "./newest_record.ts";
export { OfferCache, versionsByName } from "./offer.ts";
export { partialPath, removeOldPartials } from "./partials.ts";
export { readList } from "./publisher_list.ts";
export { lookUpRecord, type RecordLookup, recordLookup } from "./record_lookup.ts";
export {
  formatRequirement,
  isExact,
  packageRef,
  parsePackageRef,
  parseRequirement,
  rangesIntersect,
  type Requirement,
  requirementKey,
  satisfiesRange,
} from "./requirement.ts";
export { plainVersion, type Resolved, resolvePackage, type SkippedVersion } from "./resolve.ts";
export { knownManifest, rememberVerified } from "./verified.ts";
export { describeSkipped, getHighestAvailable, isUnseeded } from "./version_fallback.ts";
export {
  checkDowngrade,
  higherMarkOf,
  raiseMarks,
  type RangeKind,
  rangeKind,
} from "./version_marks.ts";
