/**
 * Packages: the rules for names and paths, the signed manifests, reproducible archives, torrents, and the
 * chain that verifies an archive. Touches no network and no clock; callers hand in times.
 *
 * The rooms inside, lowest first:
 *
 * - `paths`: the rules and limits for the paths of an archive;
 * - `manifest`: full and minimal manifest, catalogs, names, versions, `package.json`;
 * - `torrent`: piece length, `.torrent`, infohash;
 * - `archive`: tar and gzip, threads that compress, hash and write files, atomic writing of files;
 * - `selection`: the choice of the files of a directory that go into its package;
 * - `packing`: making archive, minimal manifest and torrent from a directory ({@linkcode
 *   packDirectory});
 * - `verifying`: checking an archive against its publisher's signature ({@linkcode verifyArchive}).
 *
 * The same {@linkcode ArchiveLimits} hold for packing and for verifying. Errors are
 * {@linkcode PackageError}, with the codes in `errors.ts`. docs/protocol.md sections 2 to 6 have the
 * formats. To start, read `packing/pack.ts` and `verifying/verify.ts`.
 *
 * @module
 */

export { PackageError, type VerificationStep } from "./errors.ts";
export {
  type ArchiveLimits,
  archiveLimitsOf,
  defaultArchiveLimits,
  describeUnusable,
} from "./paths/mod.ts";
export {
  buildTorrent,
  pieceLengthFor,
  type Torrent,
  torrentInfoHash,
  type TorrentOfBytes,
  torrentOfBytes,
  type TorrentSource,
  webSeedsOfTorrent,
  withWebSeeds,
} from "./torrent/mod.ts";
export {
  archiveFileName,
  buildIndex,
  canonicalJson,
  type Catalog,
  catalogFileName,
  catalogFlags,
  catalogKey,
  catalogVersions,
  certificateOf,
  CERTIFIED_PROTOCOL,
  checkProtocol,
  claimedUnpackedBytes,
  contentHash,
  type Ext,
  flagLines,
  formatSha256,
  type FullManifest,
  growCatalog,
  type GrownCatalog,
  hashAt,
  INDEX_ENTRY_BYTES,
  INDEX_PIECE_BYTES,
  type IndexedPackage,
  indexFileName,
  IndexHead,
  type IndexRange,
  indexSizes,
  isArchiveOf,
  isNewerVersion,
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
  problemOfCertificate,
  PROTOCOL,
  type Protocol,
  readFull,
  type ReadManifest,
  serializeCatalog,
  serializeFull,
  serializeMinimal,
  type SignerFields,
  signerFields,
  signFull,
  signingKeyOf,
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
  encodeMemberList,
  explainForeign,
  foreignArchive,
  type ListedMember,
  MEMBER_HASH_BYTES,
  type MemberList,
  namingFullDisk,
  readMemberList,
  refuseForeign,
  Staging,
  type StartThread,
} from "./archive/mod.ts";

export {
  type AllowedSecrets,
  type ArchiveDescription,
  type Contents,
  contentsOfPaths,
  contentsOfSelection,
  createSecretDetector,
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
  type SecretDetector,
  type SecretFile,
  unmatchedPaths,
} from "./packing/mod.ts";

export {
  type ArrivingOptions,
  type BeginningOptions,
  checkDirectoryOf,
  checkUnpackTarget,
  type DownloadedArchive,
  type ExistingFiles,
  type FileListing,
  type FileOptions,
  type ListedFile,
  listFiles,
  type ListFilesOptions,
  type OpenedFile,
  readBeginning,
  readFileOfBeginning,
  takeArchive,
  type TakenArchive,
  type TakeOptions,
  type VerifiedArchive,
  verifyArchive,
  verifyArriving,
  verifyDownloaded,
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
