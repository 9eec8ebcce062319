/**
 * The file system as the rest of the store uses it.
 *
 * - `writeFileAtomic`, `moveIntoPlace`: files that appear whole or not at all
 * - `createTemporaryDirectory`, `removeStaleTemporaries`: temporaries, and those of killed
 *   processes
 * - `lockFile`: a lock between processes
 * - `checkedChunks`, `checkArchive`, `hashOf`: reading and hashing archives
 * - `StoreError`, `fileError`: one error class, with messages that name the path and the remedy
 *
 * Files are opened without following symbolic links, since other users may be able to write to a
 * seed directory. Left to others: the names and the meaning of the files. Start reading in
 * `atomic_files.ts`.
 *
 * @module
 */

export { checkArchive, checkedChunks, hashOf } from "./archive_reading.ts";
export {
  isCode,
  moveIntoPlace,
  readAtMost,
  renameFile,
  syncDirectory,
  syncFile,
  unlinkIfThere,
  type WritableData,
  writeFileAtomic,
  writeTemporary,
} from "./atomic_files.ts";
export { namesIn } from "./directory_names.ts";
export { diskFull, fileError, linkRefused, StoreError } from "./errors.ts";
export { lockFile, type LockOptions, openLockFile } from "./file_lock.ts";
export { rootOwnedHint } from "./ownership.ts";
export {
  createTemporaryDirectory,
  dateBack,
  discardedPath,
  removeOwnTemporaries,
  removeStaleTemporaries,
  type Temporary,
} from "./temporaries.ts";
