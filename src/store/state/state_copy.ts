/**
 * The copy of `state.db` that is kept before its schema changes, so that an earlier libreseed can be
 * used again.
 *
 * @module
 */

import { nodeFs, stateCopyOf, unfinishedCopyOf } from "../../base/mod.ts";
import { fileError } from "../files/mod.ts";
import type { Sqlite } from "./sqlite.ts";

/**
 * Writes a copy of the database beside it, mode 0600, in place of an earlier copy. When this function
 * returns, the copy is complete and on the disk. On failure, an earlier copy is unchanged. The caller
 * holds a write transaction in which nothing has changed yet, so that the copy is consistent and no
 * other process writes a copy at the same time.
 *
 * The image comes from SQLite, which includes the write-ahead log. SQLite cannot write it itself:
 * `VACUUM INTO` attaches a database, and Deno refuses that to a thread with a list of paths.
 *
 * @throws {StoreError} `DISK_FULL`, `NOT_WRITABLE`, `IO_FAILED`
 */
export function keepCopy(sqlite: Sqlite): void {
  const path = stateCopyOf(sqlite.path);
  const unfinished = unfinishedCopyOf(sqlite.path);
  const image = sqlite.image();
  const { closeSync, constants, fsyncSync, openSync, renameSync, rmSync, writeFileSync } = nodeFs();
  try {
    // A killed process may have left this file. It is removed, not overwritten, because it could be
    // a link.
    rmSync(unfinished, { force: true });
    const { O_WRONLY, O_CREAT, O_EXCL } = constants;
    const file = openSync(unfinished, O_WRONLY | O_CREAT | O_EXCL, 0o600);
    try {
      writeFileSync(file, image);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, path);
  } catch (cause) {
    try {
      rmSync(unfinished, { force: true });
    } catch {
      // The next copy removes the unfinished file.
    }
    throw fileError(cause, "write", path);
  }
}
