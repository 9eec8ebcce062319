/**
 * Packages: names and versions, the two manifests, signed reproducible archives and the chain that
 * verifies them. Touches no network and no clock.
 *
 * @module
 */

export { pieceLengthFor } from "./archive_digest.ts";
export {
  type Catalog,
  catalogFileName,
  catalogKey,
  MAX_CATALOG_BYTES,
  parseCatalog,
  parseCatalogInTurns,
  serializeCatalog,
} from "./catalog.ts";
export { explainForeign, foreignArchive, refuseForeign } from "./foreign_archive.ts";
export { growCatalog, type GrownCatalog } from "./catalog_growth.ts";
export {
  type Contents,
  contentsOfPaths,
  contentsOfSelection,
  listDirectory,
  type ListedContents,
  type ListOptions,
} from "./contents.ts";
export { contentHash, formatSha256, parseSha256 } from "./content_hash.ts";
export { type ArchiveDescription, describeArchive } from "./describe.ts";
export { type DiskNeed, namingFullDisk } from "./disk_full.ts";
export { PackageError, type VerificationStep } from "./errors.ts";
export {
  type FullManifest,
  parseFull,
  readFull,
  type ReadManifest,
  serializeFull,
  signFull,
  verifyFullSignature,
} from "./full_manifest.ts";
export { type ArchiveLimits, defaultArchiveLimits } from "./limits.ts";
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
  isValidName,
  isValidVersion,
  minimalFileName,
  otherArchiveFileName,
  torrentFileName,
  validateName,
  validateVersion,
} from "./names.ts";
export { packDirectory, type PackedArchive, type PackOptions, type PackProgress } from "./pack.ts";
export { checkUnpackTarget } from "./unpack.ts";
export {
  type LeaveOut,
  nameDirectory,
  refuseUnpackable,
  selectDirectory,
  type Selection,
  type SelectOptions,
} from "./selection/mod.ts";
export {
  type AllowedSecrets,
  SecretCheck,
  SecretDetector,
  type SecretFile,
  unmatchedPaths,
} from "./secret_check.ts";
export { PROTOCOL, type Unsigned } from "./signed_json.ts";
export { isValidRange, LATEST, type PackageSpec, parsePackageSpec } from "./spec.ts";
export { takeArchive, type TakenArchive, type TakeOptions } from "./take.ts";
export { buildTorrent, type Torrent, torrentInfoHash, type TorrentSource } from "./torrent.ts";
export { type TorrentOfBytes, torrentOfBytes } from "./torrent_of_bytes.ts";
export { isUnchanged } from "./unchanged.ts";
export { describeUnusable } from "./windows_names.ts";
export { type VerifiedArchive, verifyArchive, type VerifyOptions } from "./verify.ts";
export { type ArrivingOptions, verifyArriving } from "./verify_arriving.ts";
