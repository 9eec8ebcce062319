/**
 * Packs a directory to a signed, reproducible archive, with its minimal manifest and torrent.
 *
 * {@linkcode packDirectory} (`pack.ts`) is the place to start. `../selection` chooses the files.
 * `archive_parts.ts` reads each file once (`source_file.ts`), compresses and hashes it, searches it for
 * secrets (`secret_check.ts`), checks the limits (`pack_limits.ts`), and signs. Archive, manifest
 * and torrent appear together or not at all.
 *
 * The other operations share these parts:
 *
 * - `listDirectory` and `contentsOf…` list the contents of a package before anything is written;
 * - `describeArchive` computes the hashes and the torrent of a ready archive;
 * - `isUnchanged` compares a directory with the package that was published from it.
 *
 * The room has no access to seed directory and network; `src/publishing` puts archives into the
 * seed directory.
 *
 * @module
 */

export {
  type Contents,
  contentsOfPaths,
  contentsOfSelection,
  listDirectory,
  type ListedContents,
  type ListOptions,
} from "./contents.ts";
export { type ArchiveDescription, describeArchive } from "./describe.ts";
export { packDirectory, type PackedArchive, type PackOptions } from "./pack.ts";
export type { PackProgress } from "./archive_parts.ts";
export {
  type AllowedSecrets,
  createSecretDetector,
  SecretCheck,
  type SecretDetector,
  type SecretFile,
  unmatchedPaths,
} from "./secret_check.ts";
export { isUnchanged } from "./unchanged.ts";
