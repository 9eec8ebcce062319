/**
 * Chooses the files of a directory that go into its package. Reads names, ignore files,
 * `package.json` and `deno.json`, but no other file's contents. Writes nothing.
 *
 * `selectDirectory` (`select.ts`) is the place to start. It reads name and version, chooses the
 * rules, and walks the tree (`scan.ts`), which follows links and checks paths against the limits.
 * There are three kinds of {@linkcode SelectionRules}:
 *
 * - `files` of `package.json` as npm interprets it (`npm_files.ts`);
 * - `publish` of `deno.json` as deno interprets it (`deno_publish.ts`);
 * - otherwise ignore files (`rules.ts`, `ignore_files.ts`).
 *
 * `always.ts` has the names with fixed rules. `outputs.ts` recognizes earlier outputs of packing.
 * `places.ts` keeps the home and the seed directory out. `refuseUnpackable` refuses a selection
 * that makes no package.
 *
 * `../packing` reads and packs the chosen files. docs/commands.md explains the rules for users.
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
