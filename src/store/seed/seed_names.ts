/**
 * The file names of the seed directory.
 *
 * @module
 */

import { isCode, namesIn, StoreError } from "../files/mod.ts";

/** Suffix of an archive's file name. */
const ARCHIVE_SUFFIX = ".tgz";

/** Whether a file name has the form of an archive's file name. */
export function isArchiveName(fileName: string): boolean {
  return fileName.endsWith(ARCHIVE_SUFFIX) && !fileName.startsWith(".") && !/[/\\]/.test(fileName);
}

/**
 * Checks that a file name has the form of an archive's file name.
 *
 * @throws {StoreError} `BAD_FILE_NAME`
 */
export function checkArchiveName(fileName: string): void {
  if (isArchiveName(fileName)) return;
  throw new StoreError(
    "usage",
    "BAD_FILE_NAME",
    `${JSON.stringify(fileName)} is not the file name of an archive`,
  );
}

/** Lists all file names in a directory, sorted. A missing directory counts as empty. */
export function readNames(path: string): string[] {
  try {
    return namesIn(path).sort();
  } catch (error) {
    if (isCode(error, "FILE_MISSING")) return [];
    throw error;
  }
}
