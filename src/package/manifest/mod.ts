/**
 * The full and the minimal manifest, catalogs, and the rules for names, versions and paths.
 *
 * @module
 */

export {
  type Catalog,
  catalogFileName,
  catalogKey,
  MAX_CATALOG_BYTES,
  parseCatalog,
  parseCatalogInTurns,
  serializeCatalog,
} from "./catalog.ts";
export { growCatalog, type GrownCatalog } from "./catalog_growth.ts";
export { contentHash, formatSha256, parseSha256 } from "./content_hash.ts";
export {
  messageOf,
  PackageError,
  quote,
  unreadable,
  verificationError,
  type VerificationStep,
} from "./errors.ts";
export {
  type FullManifest,
  hashAt,
  manifestFields,
  memoryForFull,
  parseFull,
  readFull,
  type ReadManifest,
  serializeFull,
  signFull,
  verifyFullSignature,
} from "./full_manifest.ts";
export {
  type ArchiveLimits,
  defaultArchiveLimits,
  FREE_FILES,
  isTooDense,
  RATIO_FREE_BYTES,
} from "./limits.ts";
export { manifestLength, manifestTooLarge } from "./manifest_length.ts";
export { invalidMetadata, type Metadata, readJsonFile, readMetadata } from "./metadata.ts";
export {
  MAX_MINIMAL_MANIFEST_BYTES,
  type MinimalManifest,
  parseMinimal,
  serializeMinimal,
  signMinimal,
  verifyMinimalSignature,
} from "./minimal_manifest.ts";
export {
  archiveFileName,
  isArchiveOf,
  isOutputOf,
  isValidName,
  isValidVersion,
  minimalFileName,
  otherArchiveFileName,
  torrentFileName,
  validateName,
  validateVersion,
} from "./names.ts";
export { PathList } from "./path_list.ts";
export { comparePaths, MANIFEST_PATH, PathSet } from "./paths.ts";
export { PROTOCOL, type Unsigned } from "./signed_json.ts";
export { isValidRange, LATEST, type PackageSpec, parsePackageSpec } from "./spec.ts";
export { describeUnusable, refuseUnusable } from "./windows_names.ts";
