/**
 * From a package's name or key to a verified archive on the disk: looking records up, choosing a version,
 * downloading through the host. Runs in the command's process.
 *
 * @module
 */

export {
  type CatalogContext,
  currentCatalogName,
  fetchCatalog,
  isCatalogName,
  isKeptCatalogName,
  keptCatalogName,
  type PresentCatalog,
  presentCatalog,
  versionsByName,
  writeCatalog,
} from "./catalogs.ts";
export { type FetchContext, fetchContext, type FetchListeners } from "./context.ts";
export { type Answers, findItem, type FindOptions, lookPatiently } from "./find_item.ts";
export { getArchive, type Got, outsidePath } from "./get_archive.ts";
export type { GetRequest } from "./get_plan.ts";
export { magnetOf, manifestItem, minimalOf } from "./manifest_item.ts";
export { isNetworkError, type NewestItem, newestItem, seqAfter } from "./newest_item.ts";
export { Offers, readList } from "./offer.ts";
export { partialPath, removeOldPartials } from "./partials.ts";
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
