/**
 * `state.db`, the SQLite database of one home (libreseed's data directory).
 *
 * `StateDatabase` opens the file, migrates an older schema, replaces a damaged database, and gives
 * access to the tables. Each table has its own class and file: records that this machine keeps
 * announcing in the DHT, outcomes of announcements, archives that were asked for, numbers of mirrors, DHT
 * nodes, verified archives and their members, listings of seed directories, pins, followed publishers,
 * descriptions and flags of packages, the identities of publishers, and secrets. Only `sqlite.ts` calls
 * SQLite; it converts SQLite's errors to `StoreError`.
 *
 * The daemon and commands use the database at the same time. When a method returns, its changes are
 * on the disk. This folder does not decide what to store and when. Start reading in
 * `state_database.ts`; the schema is in `state_schema.ts`.
 *
 * @module
 */

export { AnnouncingTables, type ArchiveRow } from "./announcing_tables.ts";
export { type DescribedVersion, DescriptionsTable } from "./descriptions_table.ts";
export { DhtNodesTable, type StoredNode } from "./dht_nodes_table.ts";
export type { MirroredArchive } from "./mirrored_table.ts";
export { type Follow, type FollowedList, type FollowScope, FollowsTable } from "./follows_table.ts";
export { mayKnowIdentities } from "./identities_peek.ts";
export { IdentitiesTable, type StoredIdentity, type StoredRevocation } from "./identities_table.ts";
export { type DirectoryListing, ListingsTable } from "./listings_table.ts";
export { LazyState } from "./lazy_state.ts";
export {
  type IndexedMember,
  type MemberPlace,
  MembersTable,
  type ReadArchive,
  type UnreadArchive,
} from "./members_table.ts";
export { OffersTable, type PackageOffer } from "./offers_table.ts";
export { OutcomesTable, type StoredOutcome } from "./outcomes_table.ts";
export { type Pin, PinsTable, type VersionMarks } from "./pins_table.ts";
export {
  type KeptNameRow,
  type PutResult,
  type RecordFilter,
  RecordsTable,
  type StoredRecord,
} from "./records_table.ts";
export { hasNoSpace } from "./sqlite.ts";
export { noteDamaged, verdictLine } from "./state_check.ts";
export {
  describeReplaced,
  type ReplacedState,
  STATE_SCHEMA_VERSION,
  StateDatabase,
} from "./state_database.ts";
export { restoreState } from "./state_restoring.ts";
export {
  type FileIdentity,
  type KnownManifest,
  type KnownSeed,
  type SeededVersion,
  type VerifiedFile,
  VerifiedFilesTable,
} from "./verified_files_table.ts";
