/**
 * Lists the contents of a package before it is published: number of files, bytes, names, warnings.
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
  /** Sum of the files' lengths in bytes. For a ready archive, the archive's length. */
  bytes: number;
  /** The paths that Windows cannot unpack, with the reasons, for people. */
  unusableOnWindows?: string;
  /**
   * A `.libreseedignore` that has no effect, because `package.json` or `deno.json` lists the
   * package's files.
   */
  unusedIgnoreFile?: string;
  /** Names of the dependencies of npm in `package.json`, which are not read. */
  unreadDependencies?: string[];
  /**
   * Paths that the user allowed to hold secrets although the package has no file at these paths. In
   * the form in which the user wrote the paths.
   */
  unmatchedSecrets: string[];
}

/** The contents of a package with the path and length of each file. */
export interface ListedContents extends Contents {
  files: { path: string; bytes: number }[];
  /**
   * Paths in the directory that are left out of the package. A directory that is left out entirely
   * appears once.
   */
  leftOut: string[];
  /** The result of the search for secrets. Packing refuses the package if the search found any. */
  secrets: SecretCheck;
}

/** Options of {@linkcode listDirectory}, which lists the files that packing would take. */
export interface ListOptions extends SelectOptions {
  /** Paths in the package that are allowed to hold secrets. */
  allowSecrets?: AllowedSecrets;
}

/** Summarizes the contents of a package whose files have the given paths. */
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

/** Summarizes the contents of the package that consists of the selected files. */
export function contentsOfSelection(
  selection: Selection,
  allowSecrets?: AllowedSecrets,
): Contents {
  const { files, totalBytes, unusedIgnoreFile, unreadDependencies } = selection;
  const paths = files.map(({ path }) => path);
  return {
    ...contentsOfPaths(selection, paths, totalBytes, allowSecrets),
    unusedIgnoreFile,
    unreadDependencies,
  };
}

/**
 * Lists the files that packing a directory would take, and searches them for secrets. Writes
 * nothing.
 *
 * @throws {PackageError} the errors of packing that occur before packing reads the files
 */
export async function listDirectory(options: ListOptions): Promise<ListedContents> {
  const selection = await selectDirectory(options);
  refuseUnpackable(selection, options.limits ?? defaultArchiveLimits);
  const secrets = await SecretCheck.create(options.allowSecrets);
  await secrets.look(selection.files, options.signal);
  const files = selection.files.map(({ path, info }) => ({ path, bytes: info.size }));
  const contents = contentsOfSelection(selection, options.allowSecrets);
  return { ...contents, files, leftOut: selection.skipped, secrets };
}
