/**
 * Questions about a file or directory that several of the doctor's checks ask.
 *
 * @module
 */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { errorToData } from "../base/mod.ts";

/** Bytes of the file that tests whether a directory is writable. */
const PROBE_BYTES = 4096;

/** The file's metadata; `undefined` if nothing is at the path. */
export async function infoOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether the operating system denied access (EACCES, EPERM). */
export function isDenied(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return error instanceof Deno.errors.PermissionDenied || code === "EACCES" || code === "EPERM";
}

/** The mode in octal if it has any of `bits`, else `undefined`; always `undefined` on Windows. */
export function openTo(mode: number, bits: number): string | undefined {
  if (Deno.build.os === "windows" || (mode & bits) === 0) return undefined;
  return (mode & 0o777).toString(8).padStart(4, "0");
}

/**
 * Why a directory cannot be written; `undefined` if it can. Writes and removes a file, since access
 * rights do not reveal a full or read-only file system. The file has a temporary's name, so that other
 * processes remove it if this one is killed.
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
