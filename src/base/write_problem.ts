/**
 * Tests whether a directory is writable.
 *
 * @module
 */

import { isDiskFull } from "./disk_full.ts";
import { errorToData } from "./errors.ts";
import { resolvePath } from "./paths.ts";

/** Size of the probe file, in bytes. */
const PROBE_BYTES = 4096;

/** Why no file can be made in a directory. */
export interface WriteProblem {
  /** The failure, with the directory's path. */
  what: string;
  /** The obstacle to writing; `other` is mostly a missing permission. */
  reason: "disk-full" | "read-only" | "other";
}

/**
 * Tests whether a directory is writable, and returns the problem; `undefined` if it is writable.
 * Writes and removes a file, because permissions alone do not reveal a full or read-only file
 * system. The file is named like a temporary file, so that other processes remove it if this
 * process is killed.
 */
export async function writeProblem(directory: string): Promise<WriteProblem | undefined> {
  const path = resolvePath(directory, `.tmp-${Deno.pid}-doctor`);
  try {
    await Deno.writeFile(path, new Uint8Array(PROBE_BYTES), { createNew: true });
    return undefined;
  } catch (error) {
    // Deno appends the call and the path of the probe file, which nobody knows.
    const message = errorToData(error).message.replace(/: writefile '.*$/s, "");
    const what = `${directory} cannot be written: ${message}`;
    if (isDiskFull(error)) return { what, reason: "disk-full" };
    return { what, reason: /read-only file system/i.test(message) ? "read-only" : "other" };
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}
