/**
 * Downloads that are not complete. They lie in the seed directory, the only place where the worker
 * may write, under names that are nobody's package; what was left there is gone on with.
 *
 * @module
 */

import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { dateBack } from "../store/mod.ts";

const PREFIX = ".partial-";
/** What nobody went on with for so long is given up. */
const ABANDONED_MS = 7 * 24 * 3_600_000;

/** Where the download of a torrent lies until it is complete and verified. */
export function partialPath(seedDirectory: string, infoHashHex: string): string {
  return join(seedDirectory, PREFIX + infoHashHex);
}

/**
 * Removes downloads that nobody went on with for a week.
 *
 * @param names of all files in the seed directory
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
