/**
 * Files that appear whole or not at all, locks, temporaries, ownership.
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
