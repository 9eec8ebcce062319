/**
 * Lists the files of a package before publishing, for `--dry-run`. Writes nothing and does not use the
 * network.
 *
 * @module
 */

import { named } from "../control/mod.ts";
import {
  contentsOfPaths,
  defaultArchiveLimits,
  listDirectory,
  type ListedContents,
  type ListOptions,
  refuseForeign,
  SecretCheck,
  verifyArchive,
} from "../package/mod.ts";
import { minimalBeside, nothingToPublish } from "./prepare.ts";

/**
 * Lists the files that `publish` would pack from a directory, or the files in a ready archive. Throws the
 * same errors as `publish`, except for secrets, which are part of the returned list.
 *
 * @param options `dir` may also be the path of an archive
 * @throws {PackageError} errors of selecting files, or of verifying the archive
 * @throws {PublishingError} `NOTHING_TO_PUBLISH`
 */
export async function contentsOf(options: ListOptions): Promise<ListedContents> {
  const { dir: path, limits = defaultArchiveLimits, signal } = options;
  const { isDirectory } = await Deno.stat(path).catch((cause) => {
    throw cause instanceof Deno.errors.NotFound ? nothingToPublish(path, cause) : cause;
  });
  if (isDirectory) return await listDirectory(options);
  await refuseForeign(path);
  const minimal = await minimalBeside(path);
  const files: ListedContents["files"] = [];
  let sum = 0;
  const onFile = (path: string, bytes: number) => {
    files.push({ path, bytes });
    sum += bytes;
  };
  const secrets = await SecretCheck.create(options.allowSecrets);
  const job = { archivePath: path, minimal, limits, secrets, signal, onFile };
  const { full } = await verifyArchive(job).catch((error) => {
    throw named(error, path);
  });
  const contents = contentsOfPaths(full, Object.keys(full.files), sum, options.allowSecrets);
  return { ...contents, files, leftOut: [], secrets };
}
