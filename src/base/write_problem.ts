/**
 * Tests whether a directory is writable.
 *
 * @module
 */

import { errorToData } from "./errors.ts";
import { resolvePath } from "./paths.ts";

/** Size of the probe file, in bytes. */
const PROBE_BYTES = 4096;

/**
 * Tests whether a directory is writable, and returns the problem; `undefined` if it is writable.
 * Writes and removes a file, because permissions alone do not reveal a full or read-only file
 * system. The file is named like a temporary file, so that other processes remove it if this
 * process is killed.
 */
export async function writeProblem(directory: string): Promise<string | undefined> {
  const path = resolvePath(directory, `.tmp-${Deno.pid}-doctor`);
  try {
    await Deno.writeFile(path, new Uint8Array(PROBE_BYTES), { createNew: true });
    return undefined;
  } catch (error) {
    return `${directory} cannot be written: ${errorToData(error).message}`;
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}
