/**
 * From a bare name to its publisher. A name proves nothing: anybody may publish under it. Runs in the
 * command's process, and the daemon uses it to keep indexes alive.
 *
 * Two sources say which publisher a name means, and the first wins:
 *
 * - A pin (`pins.ts`): this home used the name before, or the user trusted a key. Any other publisher is
 *   refused (`checkPin`), and a first use pins (`rememberPublisher`).
 * - The index of the name (`name_index.ts`): a DHT record that anybody may write. It consists of entries
 *   that each publisher signed (`name_entry.ts`). The policy ranks them (`publisher_policy.ts`).
 *
 * Start reading at `resolveByName` (`resolve_by_name.ts`), which joins both, resolves the version with
 * `src/fetching`, and refuses a downgrade. `NamesContext` (`context.ts`) is what a command hands in.
 *
 * - `read_index.ts` reads an index for a command, with retries and errors for people.
 * - `write_name_index.ts` writes one: read, merge, put, and retry after a concurrent write.
 * - `future_entries.ts` finds kept entries that readers drop because they are dated in the future.
 *
 * Left to others: the records' bytes and signatures (`src/records`), when indexes are renewed
 * (`src/host`), the versions of a publisher (`src/fetching`).
 *
 * @module
 */

export type { NamesContext } from "./context.ts";
export { describeFutureEntries, futureEntries, warnOfFutureEntries } from "./future_entries.ts";
export { EntryTimes, entryToSign, hasPossibleTimes } from "./name_entry.ts";
export { type IndexReader, indexReader, readNameIndex } from "./name_index.ts";
export { checkPin, rememberPublisher } from "./pins.ts";
export { noPublisherFound, readIndex } from "./read_index.ts";
export {
  type PublisherChoice,
  resolveByName,
  type ResolvedByName,
  type WantedByName,
} from "./resolve_by_name.ts";
export {
  type IndexStore,
  indexStore,
  writeNameIndex,
  type WrittenIndex,
} from "./write_name_index.ts";
