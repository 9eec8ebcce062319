/**
 * The archives that `pack` of this home has searched for secrets, so that `publish` need not search
 * them again: the search takes as long as hashing. A signature would not prove a search, so `pack`
 * notes the hash of each archive in a file of the home, with the version of the program, whose rules it
 * used.
 *
 * @module
 */

import { version } from "../../base/mod.ts";
import { appendLine, logBytes, readLines } from "./append_log.ts";

/** Length of the end of the file that is read, in bytes: some 700 archives. */
const READ_BYTES = 64 * 1024;

/**
 * Notes that an archive was searched, and that no secret was found or let in.
 *
 * @param path the file of the home, `searched` of `homePaths`
 * @param archiveSha256 `sha256:` and 64 hexadecimal digits
 * @throws {StoreError} `DISK_FULL`, `NOT_WRITABLE`, `LINK_REFUSED`, `IO_FAILED`
 */
export function noteSearched(path: string, archiveSha256: string): void {
  appendLine(path, lineFor(archiveSha256));
}

/**
 * Whether this version of the program has searched an archive. An unreadable file counts as one
 * without lines: the archive is then searched.
 *
 * @param path,archiveSha256 as in {@linkcode noteSearched}
 */
export function wasSearched(path: string, archiveSha256: string): boolean {
  try {
    const { lines } = readLines(path, Math.max(0, logBytes(path) - READ_BYTES));
    return lines.includes(lineFor(archiveSha256));
  } catch {
    return false;
  }
}

function lineFor(archiveSha256: string): string {
  return `${archiveSha256} ${version}`;
}
