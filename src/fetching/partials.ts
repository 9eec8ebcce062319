/**
 * Paths of incomplete downloads. The files are in the seed directory, because the worker may write
 * nowhere else. Their names cannot be names of packages. The next download of the same archive resumes
 * the file.
 *
 * @module
 */

import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { dateBack } from "../store/mod.ts";

const PREFIX = ".partial-";
/** Begins the file names of archives' beginnings. */
const BEGINNING_PREFIX = ".beginning-";
/** Age after which an incomplete download is deleted (ms): one week. */
const ABANDONED_MS = 7 * 24 * 3_600_000;

/**
 * Returns the path of a download that is not yet complete and verified. `infoHashHex` has 40 hexadecimal
 * digits.
 */
export function partialPath(seedDirectory: string, infoHashHex: string): string {
  return join(seedDirectory, PREFIX + infoHashHex);
}

/**
 * Returns the path of a file with the beginning of an archive, which is deleted when its readers have
 * left. `infoHashHex` has 40 hexadecimal digits.
 */
export function prefixPath(seedDirectory: string, infoHashHex: string): string {
  return join(seedDirectory, BEGINNING_PREFIX + infoHashHex);
}

/**
 * Deletes beginnings of archives that a killed process has left, and incomplete downloads that no process has written to for a week.
 *
 * @param names all file names in the seed directory
 */
export async function removeOldPartials(
  seedDirectory: string,
  nowMs: number,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    if (name.startsWith(BEGINNING_PREFIX)) await rm(join(seedDirectory, name), { force: true });
    if (!name.startsWith(PREFIX)) continue;
    const path = join(seedDirectory, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: nowMs }));
    if (nowMs - mtimeMs > ABANDONED_MS) await rm(path, { force: true });
    else await dateBack(path, mtimeMs, nowMs);
  }
}
