/**
 * Chooses the files of a directory that go into its package. Reads names, ignore files and the
 * package's own description, and no other file's contents. Writes nothing.
 *
 * `selectDirectory` (`select.ts`) is the place to start. It reads name and version, picks the
 * rules, and walks the tree (`scan.ts`), which follows links and checks paths against the limits.
 * The rules are one of three kinds of {@linkcode SelectionRules}:
 *
 * - `files` of `package.json` as npm reads it (`npm_files.ts`);
 * - `publish` of `deno.json` as deno reads it (`deno_publish.ts`);
 * - otherwise ignore files (`rules.ts`, `ignore_files.ts`).
 *
 * `always.ts` has the names that are in or out under any rules, `outputs.ts` recognizes earlier outputs
 * of packing, `places.ts` keeps the home and the seed directory out. `refuseUnpackable` refuses a
 * selection that makes no package.
 *
 * `../packing` reads and packs the chosen files. docs/commands.md has the rules for users.
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
