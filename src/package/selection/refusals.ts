/**
 * Refuses a selection of files that makes no package, before anything is written.
 *
 * @module
 */

import { PackageError } from "../errors.ts";
import { manifestLength, manifestTooLarge } from "../manifest/mod.ts";
import type { ArchiveLimits } from "../paths/mod.ts";
import { isDescription, PACKAGE_FILES } from "./always.ts";
import type { Selection } from "./select.ts";

/**
 * Throws if a selection of files makes no package, or exceeds the limits.
 *
 * @throws {PackageError} `DIRECTORY_INVALID` if there are no files, `PACKAGE_EMPTY` if rules leave
 *   out all files but those that describe the package, `UNPACKED_TOO_LARGE`, `MANIFEST_TOO_LARGE`
 */
export function refuseUnpackable(selection: Selection, limits: ArchiveLimits): void {
  const { files, dir, name, version, decider, ruledOut, totalBytes, metadata } = selection;
  const isDescribing = (path: string) => PACKAGE_FILES.includes(path) || isDescription(path);
  if (ruledOut > 0 && files.every(({ path }) => isDescribing(path)) && !selection.mayBeEmpty) {
    const what = files.length === 0 ? "Nothing" : `Nothing but ${names(files)}`;
    const message = `${what} would go into ${name}@${version}: ${decider ?? "an ignore file"} ` +
      `leaves out the rest of ${dir}. Correct it, or pack everything with --include-ignored.`;
    throw new PackageError("failed", "PACKAGE_EMPTY", message, {
      detail: { path: dir, decider, ruledOut },
    });
  }
  if (files.length === 0) {
    const message = `There are no files to pack in ${dir}. Name a directory with files.`;
    throw new PackageError("usage", "DIRECTORY_INVALID", message, { detail: { path: dir } });
  }
  if (totalBytes > limits.maxUnpackedBytes) throw unpackedTooLarge(limits);
  const paths = files.map(({ path }) => path);
  const lengthBytes = manifestLength({ ...metadata, name, version }, paths);
  if (lengthBytes > limits.maxManifestBytes) throw manifestTooLarge(lengthBytes, limits);
}

/** Makes an `UNPACKED_TOO_LARGE` error. */
export function unpackedTooLarge({ maxUnpackedBytes }: ArchiveLimits): PackageError {
  const message =
    `The files have more than ${maxUnpackedBytes} bytes together. Leave files out, or ` +
    `raise max-unpacked-size on every machine that takes the package.`;
  return new PackageError("failed", "UNPACKED_TOO_LARGE", message, {
    detail: { maxUnpackedBytes },
  });
}

function names(files: Selection["files"]): string {
  return files.map(({ path }) => path).join(", ");
}
