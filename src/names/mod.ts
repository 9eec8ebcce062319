/**
 * Names: determines which publisher a package name without a key means. Anybody may publish under any name,
 * so a name proves nothing. This code runs in the command's thread. The daemon uses it to keep name
 * indexes alive.
 *
 * Two sources determine the publisher. The first takes precedence:
 *
 * - A pin (`pins.ts`) is created when this home first downloads a package by the name
 *   (`rememberPublisher`), or when the user trusts a key. From then on, other publishers of the name are
 *   refused (`checkPin`).
 * - The index of the name (`name_index.ts`) is a set of DHT records that anybody may write, and the
 *   rendezvous of the name (`rendezvous_entries.ts`) is where peers meet that know it. Each publisher signs
 *   its own entry (`name_entry.ts`). The policy of the user ranks the publishers (`publisher_policy.ts`).
 *
 * Start reading at `resolveByName` (`resolve_by_name.ts`). It uses both sources, resolves the version with
 * `src/fetching`, and refuses a downgrade. A command passes its dependencies as `NamesContext`
 * (`context.ts`).
 *
 * - `read_index.ts` reads index and rendezvous side by side, with retries and error messages.
 * - `write_name_index.ts` writes an index: reads, merges, puts, and retries after a concurrent write.
 * - `future_entries.ts` finds kept entries that readers drop because they are dated in the future.
 *
 * Other folders encode and sign records (`src/records`), schedule the renewal of indexes (`src/host`), and
 * resolve versions (`src/fetching`).
 *
 * @module
 */

export type { NamesContext } from "./context.ts";
export { describeFutureEntries, futureEntries, warnOfFutureEntries } from "./future_entries.ts";
export { EntryTimes, entryToSign, hasPossibleTimes } from "./name_entry.ts";
export { type IndexReader, indexReader, readNameIndex, unrevoked } from "./name_index.ts";
export {
  type KnownVersion,
  knownVersions,
  type PresentPackage,
  presentPackage,
} from "./known_versions.ts";
export { checkPin, rememberPublisher } from "./pins.ts";
export { noPublisherFound, readIndex, type ReadName, readName } from "./read_index.ts";
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
  type WriteOptions,
  type WrittenIndex,
} from "./write_name_index.ts";
