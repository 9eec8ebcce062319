/**
 * The limits of archives where one is packed, so that nobody signs what others would refuse. Those of
 * paths and of the files' number are held to while they are selected.
 *
 * @module
 */

import { isZero } from "../archive/mod.ts";
import { PackageError, unreadable } from "../errors.ts";
import { type ArchiveLimits, FREE_FILES, isTooDense, RATIO_FREE_BYTES } from "../paths/mod.ts";
import { type ScannedFile, unpackedTooLarge } from "../selection/mod.ts";

/** What `blocks` of a file's status counts (POSIX `st_blocks`). */
const BLOCK_BYTES = 512;
/** Deflate makes zeros 1,000 times shorter, and at the least this many. */
const LEAST_DEFLATED = 512;
/** More than header, path and hash of a file add to an archive. */
const OVERHEAD_BYTES = 2048;
const SAMPLES = 64;
const SAMPLE_BYTES = 4096;

/** Refuses to make what {@linkcode verifyArchive} would refuse under the same limits. */
export function checkSizes(
  { files, tarBytes }: { files: number; tarBytes: number },
  lengthBytes: number,
  limits: ArchiveLimits,
): void {
  checkArchiveSize(lengthBytes, limits);
  if (tarBytes > limits.maxUnpackedBytes) throw unpackedTooLarge(limits);
  if (isOverRatio(tarBytes, lengthBytes, limits)) {
    throw ratioTooHigh(tarBytes / lengthBytes, limits);
  }
  checkDensity(files, lengthBytes, limits);
}

function isOverRatio(tarBytes: number, lengthBytes: number, { maxRatio }: ArchiveLimits): boolean {
  return tarBytes > RATIO_FREE_BYTES && tarBytes > maxRatio * lengthBytes;
}

function ratioTooHigh(ratio: number, { maxRatio }: ArchiveLimits): PackageError {
  const message = `The files would shrink ${Math.floor(ratio)} times, which others refuse to ` +
    `unpack: at most ${maxRatio} times is allowed. Leave out what is empty of content.`;
  return new PackageError("failed", "RATIO_TOO_HIGH", message, { detail: { ratio } });
}

/**
 * Refuses files that have so little on the disk that no archive of them can keep to the ratio, before
 * the holes in them are read: a sparse image of a terabyte would take an hour.
 *
 * @throws {PackageError} `RATIO_TOO_HIGH`
 */
export async function checkHoles(
  files: readonly ScannedFile[],
  totalBytes: number,
  limits: ArchiveLimits,
): Promise<void> {
  let mostBytes = 0;
  let most: ScannedFile | undefined;
  let holesOfMost = 0;
  for (const file of files) {
    const holes = holesOf(file);
    mostBytes += file.info.size - holes + holes / LEAST_DEFLATED + OVERHEAD_BYTES;
    if (holes > holesOfMost) [most, holesOfMost] = [file, holes];
  }
  // A file system that compresses has less on the disk too. Where it does, the file has contents.
  if (most === undefined || !isOverRatio(totalBytes, mostBytes, limits)) return;
  if (await isMostlyZero(most)) throw ratioTooHigh(totalBytes / mostBytes, limits);
}

/** Bytes of a file that are not on the disk, and read as zeros; 0 where the system does not say. */
function holesOf({ info: { size, blocks } }: ScannedFile): number {
  return blocks === null ? 0 : Math.max(0, size - blocks * BLOCK_BYTES);
}

/** Whether nearly all of some parts of a file, which lie far from each other, hold nothing but zeros. */
async function isMostlyZero({ source, info }: ScannedFile): Promise<boolean> {
  const bytes = new Uint8Array(SAMPLE_BYTES);
  let zeros = 0;
  using file = await Deno.open(source).catch((cause) => {
    throw unreadable(source, cause);
  });
  for (let i = 0; i < SAMPLES; i++) {
    await file.seek(Math.floor(info.size / SAMPLES) * i, Deno.SeekMode.Start);
    const length = await file.read(bytes);
    if (length !== null && isZero(bytes.subarray(0, length))) zeros++;
  }
  return zeros >= SAMPLES * 0.9;
}

function checkDensity(files: number, lengthBytes: number, limits: ArchiveLimits): void {
  if (!isTooDense(files, lengthBytes, limits)) return;
  const message = `The ${files} files would take ${lengthBytes} bytes of archive, which others ` +
    `refuse: with more than ${FREE_FILES} files, ${limits.minBytesPerFile} bytes each are needed. ` +
    `Leave out files that are empty or the same.`;
  throw new PackageError("failed", "TOO_MANY_FILES", message, { detail: { files, lengthBytes } });
}

/** Refuses an archive that is too long, as soon as so much of it is made. */
export function checkArchiveSize(lengthBytes: number, { maxArchiveBytes }: ArchiveLimits): void {
  if (lengthBytes <= maxArchiveBytes) return;
  const message = `The archive would be longer than ${maxArchiveBytes} bytes.`;
  throw new PackageError("failed", "ARCHIVE_TOO_LARGE", message, { detail: { maxArchiveBytes } });
}
