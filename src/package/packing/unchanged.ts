/**
 * Compares a directory with the package that was published from it. The comparison also works if
 * the package's files were selected by other rules than the current ones.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { CHUNK_BYTES } from "../archive/mod.ts";
import { formatSha256, type FullManifest, manifestFields, saysTheSame } from "../manifest/mod.ts";
import { directoriesOf, type Selection } from "../selection/mod.ts";
import { readSource } from "./source_file.ts";

/** Options of {@linkcode isUnchanged}, which compares a directory with its published package. */
export interface UnchangedOptions {
  /** `SOURCE_DATE_EPOCH` in seconds, for the full manifest. */
  sourceDateEpoch?: number;
  signal?: AbortSignal;
}

/**
 * Whether a directory still has the contents of its published package. Every selected file must be
 * in the package, unchanged. The package may contain further files only if the current rules leave
 * those files out.
 *
 * @param published the full manifest of the published package, by the same publisher; another of its keys
 * may have signed it
 * @throws {PackageError} `FILE_CHANGED`, `FILE_UNREADABLE`
 */
export async function isUnchanged(
  published: FullManifest,
  selection: Selection,
  { sourceDateEpoch, signal }: UnchangedOptions,
): Promise<boolean> {
  const hashes = new Map(Object.entries(published.files));
  const { files, takes, name, version, metadata } = selection;
  if (!files.every(({ path }) => hashes.has(path))) return false;
  const chosen = new Set(files.map(({ path }) => path));
  const skipped = new Set(selection.skipped);
  for (const path of hashes.keys()) {
    if (chosen.has(path)) continue;
    const isLeftOut = [...directoriesOf(path), path].some((one) => skipped.has(one));
    if (!isLeftOut && takes(path)) return false;
  }
  const said = manifestFields({ ...metadata, name, version }, published.files, sourceDateEpoch);
  if (!saysTheSame(published, said)) return false;
  for (const file of files) {
    const hash = createHash("sha256");
    for await (const chunk of readSource(file, () => new Uint8Array(CHUNK_BYTES), signal)) {
      hash.update(chunk);
    }
    if (formatSha256(hash.digest()) !== hashes.get(file.path)) return false;
  }
  return true;
}
