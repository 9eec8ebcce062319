/**
 * Operations on the file system for the other folders of `src/store`.
 *
 * - `writeFileAtomic`, `moveIntoPlace`: atomic writes of files
 * - `createTemporaryDirectory`, `removeStaleTemporaries`: temporary files, and removal of those
 *   that killed processes left behind
 * - `appendLine`, `readLines`: files to which processes only append lines
 * - `lockFile`: a lock between processes
 * - `checkedChunks`, `checkArchive`, `hashOf`: reading and hashing of archives
 * - `StoreError`, `fileError`: an error class whose messages name the path and the remedy
 *
 * Files are opened without following symbolic links, because other users may have write permission
 * for a seed directory. The callers choose names and contents of files. Start reading in
 * `atomic_files.ts`.
 *
 * @module
 */

export { appendLine, logBytes, readLines } from "./append_log.ts";
export { noteSearched, wasSearched } from "./searched_archives.ts";
export { checkArchive, checkedChunks, copyToTemporary, hashOf } from "./archive_reading.ts";
export {
  hasOneName,
  isCode,
  moveIntoPlace,
  type OpenOptions,
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
export { diskFull, fileError, hardLinkRefused, linkRefused, StoreError } from "./errors.ts";
export { lockFile, type LockOptions, openLockFile } from "./file_lock.ts";
export { rootOwnedHint } from "./ownership.ts";
export {
  createTemporaryDirectory,
  createTemporaryFile,
  dateBack,
  discardedPath,
  removeOwnTemporaries,
  removeStaleTemporaries,
  type Temporary,
} from "./temporaries.ts";
