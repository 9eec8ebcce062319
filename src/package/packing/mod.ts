/**
 * Making a signed, reproducible archive of a directory.
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
export { packDirectory, type PackedArchive, type PackOptions, type PackProgress } from "./pack.ts";
export {
  type AllowedSecrets,
  SecretCheck,
  SecretDetector,
  type SecretFile,
  unmatchedPaths,
} from "./secret_check.ts";
export { isUnchanged } from "./unchanged.ts";
