/**
 * Everything that libreseed stores on the disk.
 *
 * - `files`: atomic writes, temporary files, locks between processes, errors of the file system
 * - `state`: `StateDatabase`, the SQLite file `state.db` with DHT records, outcomes of
 *   announcements, pins, followed publishers and secrets
 * - `program`: `replaceProgram`, `rollBack`: exchange of the program file itself
 * - `seed`: `SeedDirectory`, the archives that the engine seeds, with their manifests and torrents
 * - `packages`: `PackageStore`, the unpacked packages that projects link to
 *
 * Several processes may use one home (libreseed's data directory) at a time: writes are atomic, and
 * changes of several steps hold a lock. A process may be killed at any instant. The next process
 * removes leftover files, and finishes or undoes interrupted changes. Every error is a
 * `StoreError`, whose message names the path and the remedy.
 *
 * This folder does not use the network, does not verify archives (`src/package` does), and does not
 * decide what to store and when. Start reading in `seed/seed_directory.ts` and
 * `state/state_database.ts`.
 *
 * @module
 */

export {
  appendLine,
  copyToTemporary,
  createTemporaryDirectory,
  createTemporaryFile,
  dateBack,
  fileError,
  hashOf,
  lockFile,
  type LockOptions,
  logBytes,
  moveIntoPlace,
  namesIn,
  noteSearched,
  readLines,
  removeStaleTemporaries,
  renameFile,
  rootOwnedHint,
  StoreError,
  type Temporary,
  wasSearched,
  type WritableData,
  writeFileAtomic,
} from "./files/mod.ts";

export {
  type ProgramNote,
  readNote,
  replaceProgram,
  rollBack,
  type RolledBack,
} from "./program/mod.ts";
export {
  type ArchiveRow,
  type DescribedVersion,
  describeReplaced,
  type DhtNodesTable,
  type DirectoryListing,
  type FileIdentity,
  type Follow,
  type FollowedList,
  type FollowScope,
  type FollowsTable,
  hasNoSpace,
  type IdentitiesTable,
  type IndexedMember,
  type KeptNameRow,
  type KnownManifest,
  type KnownSeed,
  LazyState,
  ListingsTable,
  mayKnowIdentities,
  type MemberPlace,
  MembersTable,
  type MirroredArchive,
  noteDamaged,
  type OffersTable,
  type OutcomesTable,
  type PackageOffer,
  type Pin,
  type PinsTable,
  type PutResult,
  type ReadArchive,
  type RecordFilter,
  type RecordsTable,
  type ReplacedState,
  type SeededVersion,
  STATE_SCHEMA_VERSION,
  StateDatabase,
  type StoredIdentity,
  type StoredNode,
  type StoredOutcome,
  type StoredRecord,
  type StoredRevocation,
  type UnreadArchive,
  verdictLine,
  type VerifiedFile,
  type VerifiedFilesTable,
  type VersionMarks,
} from "./state/mod.ts";

export {
  checkStored,
  type CommitOptions,
  type DamagedPackage,
  isPackageId,
  type MakeLink,
  packageId,
  type PackageName,
  PackageRoots,
  PackageStore,
  readLinks,
  readStoredManifest,
  refuseOther,
  sharedBytesOfStored,
  sizeOfStored,
  StagedPackage,
  type StageOptions,
  type StoredPackage,
  type StoreEntry,
} from "./packages/mod.ts";

export {
  directoryStamp,
  hasManifestBeside,
  hasTorrentBeside,
  type InvalidSeedEntry,
  isArchiveName,
  isTaken,
  isUnchanged,
  knownMark,
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
