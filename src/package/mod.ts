/**
 * Packages: names and versions, the two manifests, signed reproducible archives and the chain that
 * verifies them. Touches no network and no clock.
 *
 * @module
 */

export { PackageError, type VerificationStep } from "./errors.ts";
export { type ArchiveLimits, defaultArchiveLimits, describeUnusable } from "./paths/mod.ts";
export {
  buildTorrent,
  pieceLengthFor,
  type Torrent,
  torrentInfoHash,
  type TorrentOfBytes,
  torrentOfBytes,
  type TorrentSource,
} from "./torrent/mod.ts";
export {
  archiveFileName,
  type Catalog,
  catalogFileName,
  catalogKey,
  contentHash,
  formatSha256,
  type FullManifest,
  growCatalog,
  type GrownCatalog,
  isArchiveOf,
  isValidName,
  isValidRange,
  isValidVersion,
  LATEST,
  MAX_CATALOG_BYTES,
  MAX_MINIMAL_MANIFEST_BYTES,
  minimalFileName,
  type MinimalManifest,
  otherArchiveFileName,
  type PackageSpec,
  parseCatalog,
  parseCatalogInTurns,
  parseFull,
  parseMinimal,
  parsePackageSpec,
  parseSha256,
  PROTOCOL,
  readFull,
  type ReadManifest,
  serializeCatalog,
  serializeFull,
  serializeMinimal,
  signFull,
  signMinimal,
  torrentFileName,
  type Unsigned,
  validateName,
  validateVersion,
  verifyFullSignature,
  verifyMinimalSignature,
} from "./manifest/mod.ts";
export {
  type DiskNeed,
  explainForeign,
  foreignArchive,
  namingFullDisk,
  refuseForeign,
} from "./archive/mod.ts";

export {
  type AllowedSecrets,
  type ArchiveDescription,
  type Contents,
  contentsOfPaths,
  contentsOfSelection,
  describeArchive,
  isUnchanged,
  listDirectory,
  type ListedContents,
  type ListOptions,
  packDirectory,
  type PackedArchive,
  type PackOptions,
  type PackProgress,
  SecretCheck,
  SecretDetector,
  type SecretFile,
  unmatchedPaths,
} from "./packing/mod.ts";

export {
  type ArrivingOptions,
  checkUnpackTarget,
  takeArchive,
  type TakenArchive,
  type TakeOptions,
  type VerifiedArchive,
  verifyArchive,
  verifyArriving,
  type VerifyOptions,
} from "./verifying/mod.ts";
export {
  type LeaveOut,
  nameDirectory,
  refuseUnpackable,
  selectDirectory,
  type Selection,
  type SelectOptions,
} from "./selection/mod.ts";
