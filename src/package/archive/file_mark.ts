/**
 * Detects that a file was altered or replaced while it was read.
 *
 * @module
 */

import { PackageError } from "../errors.ts";

/** The fields of a file's status (stat) that identify the file and its state. */
export type FileMark = Pick<Deno.FileInfo, "dev" | "ino" | "size" | "mtime" | "ctime">;

/**
 * Whether two marks belong to the same file in the same state, as far as the file system can tell.
 */
export function isSameFile(a: FileMark, b: FileMark): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size &&
    a.mtime?.getTime() === b.mtime?.getTime() && a.ctime?.getTime() === b.ctime?.getTime();
}

/** Makes the `FILE_CHANGED` error for a file that was altered while it was read. */
export function fileChanged(path: string): PackageError {
  return new PackageError(
    "failed",
    "FILE_CHANGED",
    `${path} was changed while it was read. Try again when nothing writes to it.`,
    { detail: { path } },
  );
}
