/**
 * `state.db`: what a home remembers, one table a file.
 *
 * @module
 */

export { DhtNodesTable, type StoredNode } from "./dht_nodes_table.ts";
export { type Follow, FollowsTable } from "./follows_table.ts";
export { LazyState } from "./lazy_state.ts";
export { OutcomesTable, type StoredOutcome } from "./outcomes_table.ts";
export { type Pin, PinsTable, type VersionMarks } from "./pins_table.ts";
export {
  type PutResult,
  type RecordFilter,
  RecordsTable,
  type ScheduledRecord,
  type StoredRecord,
} from "./records_table.ts";
export { noteDamaged } from "./state_check.ts";
export {
  describeReplaced,
  type ReplacedState,
  STATE_SCHEMA_VERSION,
  StateDatabase,
} from "./state_database.ts";
export {
  type FileIdentity,
  type KnownManifest,
  type KnownSeed,
  type VerifiedFile,
  VerifiedFilesTable,
} from "./verified_files_table.ts";
