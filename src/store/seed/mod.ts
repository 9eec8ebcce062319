/**
 * The seed directory, which contains the archives that this machine seeds. Beside each archive are
 * its minimal manifest and its torrent.
 *
 * `SeedDirectory` adds, finds, lists and removes archives. A `SeedEntry` describes one archive:
 * either a valid one, or one with a problem that the command `list` shows. A `SeedStamp` (size,
 * modification time and inode) shows whether an archive has changed, so that a daemon with
 * thousands of archives need not read them.
 *
 * The engine in the worker thread reads the same directory and downloads into it. Users may copy
 * archives into it too, so every entry is validated before use. This folder does not seed and does
 * not verify the contents of archives. Start reading in `seed_directory.ts`.
 *
 * @module
 */

export { type PackageFiles, SeedDirectory, type SeedFiles } from "./seed_directory.ts";
export {
  type InvalidSeedEntry,
  isRegularFile,
  isTaken,
  knownSeedEntry,
  readMinimal,
  type SeedEntry,
  type SeedProblem,
  type ValidSeedEntry,
} from "./seed_entry.ts";
export { isArchiveName } from "./seed_names.ts";
export {
  directoryStamp,
  hasManifestBeside,
  hasTorrentBeside,
  isUnchanged,
  knownMark,
  markOf,
  type SeedStamp,
  stampOf,
} from "./seed_stamp.ts";
