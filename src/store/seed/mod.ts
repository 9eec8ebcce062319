/**
 * The seed directory: the archives that this home seeds, each with its minimal manifest and
 * torrent.
 *
 * `SeedDirectory` adds, finds, lists and removes archives. A `SeedEntry` describes one archive:
 * valid, or with a problem that `list` shows to the user. A `SeedStamp` tells an unchanged archive
 * from a changed one by size, time and inode, so that a daemon with thousands of archives need not
 * read them.
 *
 * The engine in the worker reads the same directory and downloads into it. Users may drop archives
 * into it too, so every entry is validated before it is used. Left to others: seeding, and the full
 * verification of archives. Start reading in `seed_directory.ts`.
 *
 * @module
 */

export { type PackageFiles, SeedDirectory, type SeedFiles } from "./seed_directory.ts";
export {
  type InvalidSeedEntry,
  isArchiveName,
  isRegularFile,
  knownSeedEntry,
  readMinimal,
  type SeedEntry,
  type SeedProblem,
  type ValidSeedEntry,
} from "./seed_entry.ts";
export { hasTorrentBeside, isUnchanged, markOf, type SeedStamp, stampOf } from "./seed_stamp.ts";
