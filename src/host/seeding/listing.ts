/**
 * The names in the seed directory that a start has to know: catalogs, and hidden files, among which are
 * temporaries and partial downloads. A large directory that is unchanged since its last listing is not
 * listed again, because that takes time and memory.
 *
 * @module
 */

import { isCatalogName } from "../../fetching/mod.ts";
import { directoryStamp, namesIn, type StateDatabase } from "../../store/mod.ts";

/** Whether a start has to know a name. */
export function isOtherName(name: string): boolean {
  return name.startsWith(".") || isCatalogName(name);
}

/**
 * Returns the names of hidden files and catalogs in a directory.
 *
 * @param nowMs current time, Unix milliseconds
 * @throws {StoreError} `FILE_MISSING`, `NOT_READABLE`, `IO_FAILED`
 */
export function otherNamesIn(
  path: string,
  { listings }: Pick<StateDatabase, "listings">,
  nowMs: number,
): readonly string[] {
  const listed = listings.get(path);
  const isUnchanged = listed !== undefined && listed.stamp === directoryStamp(path, nowMs);
  return isUnchanged ? listed.otherNames : namesIn(path, isOtherName);
}
