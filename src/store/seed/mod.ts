/**
 * The seed directory: archives with their manifests and torrents.
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
