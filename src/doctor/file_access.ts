/**
 * Functions that inspect the permissions of a file or directory, shared by several checks of the
 * doctor.
 *
 * @module
 */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { errorToData } from "../base/mod.ts";

/** Size of the probe file that tests whether a directory is writable, in bytes. */
const PROBE_BYTES = 4096;

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

/**
 * Tests whether a directory is writable, and returns the problem; `undefined` if it is writable.
 * Writes and removes a file, because permissions alone do not reveal a full or read-only file
 * system. The file is named like a temporary file, so that other processes remove it if this
 * process is killed.
 */
export async function writeProblem(dir: string): Promise<string | undefined> {
  const path = join(dir, `.tmp-${Deno.pid}-doctor`);
  try {
    await Deno.writeFile(path, new Uint8Array(PROBE_BYTES), { createNew: true });
    return undefined;
  } catch (error) {
    return `${dir} cannot be written: ${errorToData(error).message}`;
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}
