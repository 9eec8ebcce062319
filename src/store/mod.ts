/**
 * What stays on the disk: files that appear whole or not at all, the seed directory, and the state in
 * SQLite. Knows no network; what the rows and files mean is decided above.
 *
 * @module
 */

export {
  createTemporaryDirectory,
  dateBack,
  fileError,
  hashOf,
  lockFile,
  type LockOptions,
  moveIntoPlace,
  namesIn,
  removeStaleTemporaries,
  rootOwnedHint,
  StoreError,
  type Temporary,
  type WritableData,
  writeFileAtomic,
} from "./files/mod.ts";

export {
  describeReplaced,
  type DhtNodesTable,
  type FileIdentity,
  type Follow,
  type FollowsTable,
  type KnownManifest,
  type KnownSeed,
  LazyState,
  noteDamaged,
  type OutcomesTable,
  type Pin,
  type PinsTable,
  type PutResult,
  type RecordFilter,
  type RecordsTable,
  type ReplacedState,
  type ScheduledRecord,
  STATE_SCHEMA_VERSION,
  StateDatabase,
  type StoredNode,
  type StoredOutcome,
  type StoredRecord,
  type VerifiedFile,
  type VerifiedFilesTable,
  type VersionMarks,
} from "./state/mod.ts";

export {
  checkStored,
  type CommitOptions,
  type DamagedPackage,
  isPackageId,
  packageId,
  type PackageName,
  PackageRoots,
  PackageStore,
  readLinks,
  readStoredManifest,
  refuseOther,
  removeStaleLinks,
  replaceLink,
  sizeOfStored,
  StagedPackage,
  type StageOptions,
  type StoredPackage,
  type StoreEntry,
} from "./packages/mod.ts";

export {
  hasTorrentBeside,
  type InvalidSeedEntry,
  isArchiveName,
  isUnchanged,
  knownSeedEntry,
  markOf,
  type PackageFiles,
  SeedDirectory,
  type SeedEntry,
  type SeedFiles,
  type SeedProblem,
  type SeedStamp,
  stampOf,
  type ValidSeedEntry,
} from "./seed/mod.ts";
