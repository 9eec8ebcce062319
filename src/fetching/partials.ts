/**
 * Paths of incomplete downloads. They are in the seed directory, where alone the worker may write, under
 * names that no package has. The next download of the same archive resumes from the file.
 *
 * @module
 */

import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { dateBack } from "../store/mod.ts";

const PREFIX = ".partial-";
/** Age at which an incomplete download is removed (ms): one week. */
const ABANDONED_MS = 7 * 24 * 3_600_000;

/** Path of a download until it is complete and verified; `infoHashHex` has 40 hexadecimal digits. */
export function partialPath(seedDirectory: string, infoHashHex: string): string {
  return join(seedDirectory, PREFIX + infoHashHex);
}

/**
 * Removes incomplete downloads that were not resumed for a week.
 *
 * @param names all file names in the seed directory
 */
export async function removeOldPartials(
  seedDirectory: string,
  nowMs: number,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(seedDirectory, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: nowMs }));
    if (nowMs - mtimeMs > ABANDONED_MS) await rm(path, { force: true });
    else await dateBack(path, mtimeMs, nowMs);
  }
}
