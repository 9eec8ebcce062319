/**
 * What a directory or an archive would publish: found without writing anything, and without a network.
 *
 * @module
 */

import {
  defaultArchiveLimits,
  describeUnusable,
  refuseForeign,
  refuseUnpackable,
  selectDirectory,
  type Selection,
  type SelectOptions,
  verifyArchive,
} from "../package/mod.ts";
import { named } from "./errors.ts";
import { minimalBeside, nothingToPublish } from "./prepare.ts";

/** What is about to be published. */
export interface Contents {
  name: string;
  version: string;
  fileCount: number;
  /** Sum of the files' lengths; of an archive that is published, its own length. */
  bytes: number;
  /** The paths that cannot be unpacked on Windows, with the reasons, for people. */
  unusableOnWindows: string | undefined;
}

/** Files by path, with their lengths. */
export interface ListedContents extends Contents {
  files: { path: string; bytes: number }[];
  /** What of a directory is left out, directories as one. */
  leftOut: string[];
}

/** What a package of these paths publishes. */
export function contentsOfPaths(
  { name, version }: { name: string; version: string },
  paths: string[],
  bytes: number,
): Contents {
  return {
    name,
    version,
    fileCount: paths.length,
    bytes,
    unusableOnWindows: describeUnusable(paths),
  };
}

/** What a selection packs. */
export function contentsOfSelection(selection: Selection): Contents {
  const { files, totalBytes } = selection;
  return contentsOfPaths(selection, files.map(({ path }) => path), totalBytes);
}

/**
 * Lists what `pack` or `publish` would take of a directory or a ready archive, and fails as they would.
 *
 * @param options `dir` may be the path of an archive
 * @throws {PackageError} what choosing, or verifying the archive, throws
 * @throws {DaemonError} `NOTHING_TO_PUBLISH`
 */
export async function contentsOf(options: SelectOptions): Promise<ListedContents> {
  const { dir: path, limits = defaultArchiveLimits, signal } = options;
  const { isDirectory } = await Deno.stat(path).catch((cause) => {
    throw cause instanceof Deno.errors.NotFound ? nothingToPublish(path, cause) : cause;
  });
  if (isDirectory) {
    const selection = await selectDirectory(options);
    refuseUnpackable(selection, limits);
    const files = selection.files.map(({ path, info }) => ({ path, bytes: info.size }));
    return { ...contentsOfSelection(selection), files, leftOut: selection.skipped };
  }
  await refuseForeign(path);
  const minimal = await minimalBeside(path);
  const files: ListedContents["files"] = [];
  const { full } = await verifyArchive({
    archivePath: path,
    minimal,
    limits,
    signal,
    onFile: (path, bytes) => files.push({ path, bytes }),
  }).catch((error) => {
    throw named(error, path);
  });
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { ...contentsOfPaths(full, Object.keys(full.files), bytes), files, leftOut: [] };
}
