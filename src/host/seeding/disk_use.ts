/**
 * Size of the files in the seed directory. Counting thousands of files takes a while, so a count is
 * cached for a minute.
 *
 * @module
 */

import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, eachLimited } from "../../base/mod.ts";
import { namesIn } from "../../store/mod.ts";

/** Lifetime of a cached count (ms). */
const STANDS_MS = 60_000;
/** Number of concurrent `lstat` calls. */
const MAX_STATS = 32;

/** Cached size of one directory. */
export class DiskUse {
  readonly #clock: Clock;
  #counting: Promise<number> | undefined;
  #countedMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Total size of the directory's regular files, bytes. Files that appear or vanish meanwhile may be missed. */
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
