/**
 * The contents of a package before it is published: number of files, bytes, names, warnings.
 *
 * @module
 */

import { defaultArchiveLimits, describeUnusable } from "../paths/mod.ts";
import {
  refuseUnpackable,
  selectDirectory,
  type Selection,
  type SelectOptions,
} from "../selection/mod.ts";
import { type AllowedSecrets, SecretCheck, unmatchedPaths } from "./secret_check.ts";

/** The contents of a package that is about to be published. */
export interface Contents {
  name: string;
  version: string;
  fileCount: number;
  /** Sum of the files' lengths in bytes; for a ready archive, its own length. */
  bytes: number;
  /** The paths that cannot be unpacked on Windows, with the reasons, for people. */
  unusableOnWindows?: string;
  /** An ignore file without effect, because a list of the package decides. */
  unusedIgnoreFile?: string;
  /** The allowed paths, as given, that no file of the package has. */
  unmatchedSecrets: string[];
}

/** Files by path, with their lengths. */
export interface ListedContents extends Contents {
  files: { path: string; bytes: number }[];
  /** Paths that are left out; one for a whole directory. */
  leftOut: string[];
  /** The check for secrets. Packing would refuse the package for the files that it found. */
  secrets: SecretCheck;
}

/** Options of {@linkcode listDirectory}. */
export interface ListOptions extends SelectOptions {
  /** Paths in the package that may hold secrets. */
  allowSecrets?: AllowedSecrets;
}

/** The contents of a package of these paths. */
export function contentsOfPaths(
  { name, version }: { name: string; version: string },
  paths: string[],
  bytes: number,
  allowSecrets?: AllowedSecrets,
): Contents {
  return {
    name,
    version,
    fileCount: paths.length,
    bytes,
    unusableOnWindows: describeUnusable(paths),
    unmatchedSecrets: unmatchedPaths(allowSecrets, paths),
  };
}

/** The contents of the package of a selection. */
export function contentsOfSelection(
  selection: Selection,
  allowSecrets?: AllowedSecrets,
): Contents {
  const { files, totalBytes, unusedIgnoreFile } = selection;
  const paths = files.map(({ path }) => path);
  return { ...contentsOfPaths(selection, paths, totalBytes, allowSecrets), unusedIgnoreFile };
}

/**
 * Lists the files that packing a directory would take, and looks for secrets in them. Writes nothing.
 *
 * @throws {PackageError} the errors of packing that occur before it reads the files
 */
export async function listDirectory(options: ListOptions): Promise<ListedContents> {
  const selection = await selectDirectory(options);
  refuseUnpackable(selection, options.limits ?? defaultArchiveLimits);
  const secrets = new SecretCheck(options.allowSecrets);
  await secrets.look(selection.files, options.signal);
  const files = selection.files.map(({ path, info }) => ({ path, bytes: info.size }));
  const contents = contentsOfSelection(selection, options.allowSecrets);
  return { ...contents, files, leftOut: selection.skipped, secrets };
}
