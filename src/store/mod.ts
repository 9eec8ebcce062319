/**
 * What stays on the disk: files that appear whole or not at all, the seed directory, and the state in
 * SQLite. Knows no network; what the rows and files mean is decided above.
 *
 * @module
 */

export { hashOf } from "./archive_reading.ts";
export { moveIntoPlace, type WritableData, writeFileAtomic } from "./atomic_files.ts";
export type { DhtNodesTable, StoredNode } from "./dht_nodes_table.ts";
export type { Follow, FollowsTable } from "./follows_table.ts";
export { fileError, StoreError } from "./errors.ts";
export { rootOwnedHint } from "./ownership.ts";
export type { OutcomesTable, StoredOutcome } from "./outcomes_table.ts";
export { checkStored, readStoredManifest, sizeOfStored } from "./package_check.ts";
export {
  type DamagedPackage,
  isPackageId,
  packageId,
  type PackageName,
  type StoredPackage,
  type StoreEntry,
} from "./package_entry.ts";
export { readLinks, removeStaleLinks, replaceLink } from "./package_links.ts";
export { PackageRoots } from "./package_roots.ts";
export {
  type CommitOptions,
  PackageStore,
  refuseOther,
  StagedPackage,
  type StageOptions,
} from "./package_store.ts";
export type { Pin, PinsTable, VersionMarks } from "./pins_table.ts";
export type {
  PutResult,
  RecordFilter,
  RecordsTable,
  ScheduledRecord,
  StoredRecord,
} from "./records_table.ts";
export { type PackageFiles, SeedDirectory, type SeedFiles } from "./seed_directory.ts";
export {
  type InvalidSeedEntry,
  isArchiveName,
  knownSeedEntry,
  type SeedEntry,
  type SeedProblem,
  type ValidSeedEntry,
} from "./seed_entry.ts";
export { hasTorrentBeside, isUnchanged, markOf, type SeedStamp, stampOf } from "./seed_stamp.ts";
export { lockFile, type LockOptions } from "./file_lock.ts";
export { namesIn } from "./directory_names.ts";
export { noteDamaged } from "./state_check.ts";
export {
  describeReplaced,
  type ReplacedState,
  STATE_SCHEMA_VERSION,
  StateDatabase,
} from "./state_database.ts";
export type {
  FileIdentity,
  KnownManifest,
  KnownSeed,
  VerifiedFile,
  VerifiedFilesTable,
} from "./verified_files_table.ts";
export {
  createTemporaryDirectory,
  dateBack,
  removeStaleTemporaries,
  type Temporary,
} from "./temporaries.ts";
