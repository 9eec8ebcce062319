/**
 * The doctor's check of the archives in the seed directory: compares the SHA-256 of each archive
 * with the SHA-256 that its publisher signed. If the archives together exceed 1 GiB, only a random
 * sample is read.
 *
 * @module
 */

import { errorToData, shuffle } from "../base/mod.ts";
import {
  hashOf,
  SeedDirectory,
  type SeedEntry,
  StoreError,
  type ValidSeedEntry,
} from "../store/mod.ts";
import { type Check, fail, ok, warn } from "./check.ts";

/** Default maximum number of bytes to hash in one check. Hashing 1 GiB takes some seconds. */
const MAX_HASHED_BYTES = 1 << 30;

/** Options of {@linkcode checkArchives}, which compares archives with their signed SHA-256. */
export interface ArchiveCheckOptions {
  signal?: AbortSignal;
  /** Maximum number of bytes to read; 1 GiB by default. */
  maxBytes?: number;
  /**
   * Random number source for choosing the sample; returns a number from 0 (inclusive) to 1
   * (exclusive).
   */
  random?: () => number;
}

/**
 * Compares archives with their signed manifests by SHA-256, in random order, up to `maxBytes` in
 * total.
 */
export async function checkArchives(
  dir: string,
  { signal, maxBytes = MAX_HASHED_BYTES, random = Math.random }: ArchiveCheckOptions = {},
): Promise<Check[]> {
  const name = "archives";
  let entries: SeedEntry[];
  try {
    entries = await new SeedDirectory(dir).list();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // Reading the seed directory failed. `checkSeedDirectory` reports this problem, so this check
    // does not.
    return [ok(name, `not looked at: ${dir} cannot be read`)];
  }
  const checks: Check[] = [];
  const sound: ValidSeedEntry[] = [];
  const problems: string[] = [];
  for (const entry of entries) {
    if (entry.problem === undefined) sound.push(entry);
    else problems.push(entry.problem);
  }
  const inRandomOrder = [...sound];
  shuffle(inRandomOrder, random);
  const { read, damaged } = await readSome(inRandomOrder, maxBytes, signal);
  if (damaged.length > 0) {
    const [first] = damaged;
    const what = damaged.length === 1
      ? `${first} is not what its publisher signed`
      : `${first} and ${damaged.length - 1} more are not what their publishers signed`;
    const mend = "remove it with `libreseed remove NAME@VERSION`, and get or publish it again";
    checks.push(fail(name, what, mend));
  }
  if (problems.length > 0) {
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    const mend = "`libreseed list` names each; put what is missing beside it, or remove it";
    checks.push(warn(name, `${problems[0]}${more}`, mend));
  }
  if (checks.length > 0) return checks;
  if (sound.length === 0) return [ok(name, "none yet")];
  const rest = read < sound.length
    ? `, a sample of ${sound.length}; \`libreseed verify ${dir}/*.tgz\` reads all`
    : "";
  return [ok(name, `read ${read}${rest}: what their publishers signed`)];
}

async function readSome(
  entries: readonly ValidSeedEntry[],
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<{ read: number; damaged: string[] }> {
  const damaged: string[] = [];
  let read = 0;
  let bytes = 0;
  for (const { archivePath, sizeBytes, minimal } of entries) {
    if (bytes + sizeBytes > maxBytes) continue;
    bytes += sizeBytes;
    read++;
    try {
      if (await hashOf(archivePath, signal) !== minimal.archiveSha256) damaged.push(archivePath);
    } catch (error) {
      signal?.throwIfAborted();
      damaged.push(`${archivePath} (${errorToData(error).message})`);
    }
  }
  return { read, damaged: damaged.sort() };
}
