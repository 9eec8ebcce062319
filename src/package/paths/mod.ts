/**
 * The paths of an archive: the rules for a single path, the detection of two paths that collide,
 * and the limits for all paths together. This is the lowest room of `src/package`; packing, reading
 * and unpacking share its rules.
 *
 * {@linkcode PathSet} is the place to start. It takes the paths of an archive one by one and
 * returns a {@linkcode PathProblem} for the first path that breaks a rule. It checks each path by
 * itself (`path_rules.ts`), counts its bytes and directories against the limits (`limits.ts`),
 * folds its names (`fold.ts`) and searches a hash table for a collision (`name_table.ts`). The
 * paths are stored in a {@linkcode PathList}, which holds them as UTF-8. Time and memory are linear
 * in the bytes of the paths, in any order.
 *
 * `windows_names.ts` recognizes the names that Windows cannot hold. Such names may be packed, and
 * are refused only when they are unpacked on Windows.
 *
 * The room reads no files and no manifests. Its callers turn a problem into an error with the kind
 * that fits packing or reading.
 *
 * @module
 */

export {
  type ArchiveLimits,
  archiveLimitsOf,
  defaultArchiveLimits,
  FREE_FILES,
  isTooDense,
  RATIO_FREE_BYTES,
} from "./limits.ts";
export { PathList } from "./path_list.ts";
export { comparePaths, MANIFEST_PATH, type PathLimits, type PathProblem } from "./path_rules.ts";
export { PathSet } from "./path_set.ts";
export { describeUnusable, refuseUnusable } from "./windows_names.ts";
