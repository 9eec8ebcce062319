/**
 * From a name to its publisher: name indexes, pins, the entry of a publisher in the index. Runs in the
 * command's process.
 *
 * @module
 */

export { describeLateEntries, lateEntries, warnOfLateEntries } from "./late_entries.ts";
export { EntryTimes, entryToSign, hasPossibleTimes } from "./name_entry.ts";
export {
  type ItemStore,
  lookUpStore,
  readNameIndex,
  writeNameIndex,
  type WrittenIndex,
} from "./name_index.ts";
export {
  type NamesContext,
  noPublisherFound,
  type PublisherChoice,
  readIndex,
  rememberPublisher,
  resolveByName,
  type ResolvedByName,
  type WantedByName,
} from "./names.ts";
export { checkPin } from "./trust.ts";
