/**
 * What a package publishes: how many files and bytes, and which, said before any of it goes out.
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

/** A package that is about to be published. */
export interface Contents {
  name: string;
  version: string;
  fileCount: number;
  /** Sum of the files' lengths; of an archive that is published, its own length. */
  bytes: number;
  /** The paths that cannot be unpacked on Windows, with the reasons, for people. */
  unusableOnWindows?: string;
  /** An ignore file that does not count, because a list of the package decides. */
  unusedIgnoreFile?: string;
  /** Paths that may hold secrets, as they were given, and that no file of the package has. */
  unmatchedSecrets: string[];
}

/** Files by path, with their lengths. */
export interface ListedContents extends Contents {
  files: { path: string; bytes: number }[];
  /** What of a directory is left out, directories as one. */
  leftOut: string[];
  /** Those of the files that hold secrets, for which it would be refused. */
  secrets: SecretCheck;
}

/** What is listed, and what it may hold. */
export interface ListOptions extends SelectOptions {
  /** Paths in the package that may hold secrets. */
  allowSecrets?: AllowedSecrets;
}

/** What a package of these paths publishes. */
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

/** The files that a selection packs. */
export function contentsOfSelection(
  selection: Selection,
  allowSecrets?: AllowedSecrets,
): Contents {
  const { files, totalBytes, unusedIgnoreFile } = selection;
  const paths = files.map(({ path }) => path);
  return { ...contentsOfPaths(selection, paths, totalBytes, allowSecrets), unusedIgnoreFile };
}

/**
 * Lists what packing a directory would take, and which of it holds secrets. Writes nothing.
 *
 * @throws {PackageError} what packing throws of the directory before it reads the files
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
