/**
 * Which files of a directory go into its package. Reads names, ignore files and the package's own
 * description, and no file's contents.
 *
 * @module
 */

export { directoriesOf } from "./ignore_files.ts";
export { refuseUnpackable, unpackedTooLarge } from "./refusals.ts";
export type { ScannedFile } from "./scan.ts";
export {
  type LeaveOut,
  type NamedDirectory,
  nameDirectory,
  selectDirectory,
  type Selection,
  type SelectOptions,
} from "./select.ts";
