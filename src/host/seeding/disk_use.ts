/**
 * Total size of the files in the seed directory. Reading the sizes of thousands of files takes a while, so
 * the result is cached for a minute.
 *
 * @module
 */

import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, eachLimited } from "../../base/mod.ts";
import { namesIn } from "../../store/mod.ts";

/** Time for which a computed size is cached (ms). */
const STANDS_MS = 60_000;
/** Maximum number of files whose sizes are read concurrently. */
const MAX_STATS = 32;

/** Total size of a directory's files, computed at most once a minute. */
export class DiskUse {
  readonly #clock: Clock;
  #counting: Promise<number> | undefined;
  #countedMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Returns the total size of the directory's regular files, bytes. Files that are created or deleted
   * during the count may be missed.
   */
  bytesOf(directory: string): Promise<number> {
    const nowMs = this.#clock.now();
    if (!this.#counting || Math.abs(nowMs - this.#countedMs) >= STANDS_MS) {
      this.#countedMs = nowMs;
      this.#counting = count(directory);
    }
    return this.#counting;
  }
}

async function count(directory: string): Promise<number> {
  let bytes = 0;
  await eachLimited([...namesIn(directory)], MAX_STATS, undefined, async (name) => {
    const info = await lstat(join(directory, name)).catch(() => undefined);
    if (info?.isFile()) bytes += info.size;
  });
  return bytes;
}
