/**
 * Functions that inspect the permissions of a file or directory, shared by several checks of the
 * doctor.
 *
 * @module
 */

import { stat } from "node:fs/promises";

/** Returns the metadata of a file; `undefined` if the path does not exist. */
export async function infoOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether an error means that the operating system denied access (EACCES, EPERM). */
export function isDenied(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return error instanceof Deno.errors.PermissionDenied || code === "EACCES" || code === "EPERM";
}

/**
 * Returns the mode of a file in octal if the mode contains any of the permission `bits`, otherwise
 * `undefined`. Always `undefined` on Windows.
 */
export function openTo(mode: number, bits: number): string | undefined {
  if (Deno.build.os === "windows" || (mode & bits) === 0) return undefined;
  return (mode & 0o777).toString(8).padStart(4, "0");
}
