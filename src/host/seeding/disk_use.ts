/**
 * How many bytes the files of the seed directory have. Looking at thousands of them takes a while, so
 * what was counted a moment ago stands.
 *
 * @module
 */

import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/mod.ts";
import { namesIn } from "../../store/mod.ts";

/** How long a count stands, milliseconds. */
const STANDS_MS = 60_000;
/** Files that are looked at side by side. */
const LANES = 32;

/** Counts the bytes of one directory. */
export class DiskUse {
  readonly #clock: Clock;
  #counting: Promise<number> | undefined;
  #countedMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Bytes of the directory's regular files; of those that come and go meanwhile maybe not. */
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
  const names = [...namesIn(directory)];
  let bytes = 0;
  const lane = async () => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const info = await lstat(join(directory, name)).catch(() => undefined);
      if (info?.isFile()) bytes += info.size;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return bytes;
}
