/**
 * Checks the limits of archives when packing, so that no publisher signs an archive that readers
 * refuse. The limits for paths and for the number of files have been checked by `../selection`
 * before.
 *
 * @module
 */

import { isZero } from "../archive/mod.ts";
import { PackageError, unreadable } from "../errors.ts";
import { type ArchiveLimits, FREE_FILES, isTooDense, RATIO_FREE_BYTES } from "../paths/mod.ts";
import { type ScannedFile, unpackedTooLarge } from "../selection/mod.ts";

/** Unit of the field `blocks` in a file's status, in bytes (POSIX `st_blocks`). */
const BLOCK_BYTES = 512;
/** Lower bound for the compression ratio of deflate for zeros. The actual ratio is about 1,000. */
const LEAST_DEFLATED = 512;
/** Upper bound, in bytes, for the length that a file's header, path and hash add to an archive. */
const OVERHEAD_BYTES = 2048;
const SAMPLES = 64;
const SAMPLE_BYTES = 4096;

/** Throws if `verifyArchive` would refuse the archive under the same limits. */
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
  const message = `The files would compress ${Math.floor(ratio)} times, which readers refuse to ` +
    `unpack: at most ${maxRatio} times is allowed. Leave out files of zeros or repeated bytes.`;
  return new PackageError("failed", "RATIO_TOO_HIGH", message, { detail: { ratio } });
}

/**
 * Refuses sparse files that would certainly make the archive exceed the compression ratio. The
 * check runs before the holes are read: reading a sparse image of a terabyte would take an hour.
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
  // A compressing file system reports few blocks for ordinary files too, so check the contents of
  // the largest file.
  if (most === undefined || !isOverRatio(totalBytes, mostBytes, limits)) return;
  if (await isMostlyZero(most)) throw ratioTooHigh(totalBytes / mostBytes, limits);
}

/**
 * Returns the number of bytes of a file that are holes and read as zeros; 0 if the system does not
 * report holes.
 */
function holesOf({ info: { size, blocks } }: ScannedFile): number {
  return blocks === null ? 0 : Math.max(0, size - blocks * BLOCK_BYTES);
}

/** Whether at least nine tenths of 64 samples from a file are all zeros. */
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
  const message = `The ${files} files would take ${lengthBytes} bytes of archive, which readers ` +
    `refuse: with more than ${FREE_FILES} files, ${limits.minBytesPerFile} bytes each are needed. ` +
    `Leave out files that are empty or the same.`;
  throw new PackageError("failed", "TOO_MANY_FILES", message, { detail: { files, lengthBytes } });
}

/** Throws if an archive exceeds the maximum length. Called repeatedly while the archive grows. */
export function checkArchiveSize(lengthBytes: number, { maxArchiveBytes }: ArchiveLimits): void {
  if (lengthBytes <= maxArchiveBytes) return;
  const message =
    `The archive would be longer than ${maxArchiveBytes} bytes. Leave files out, or raise ` +
    `max-archive-size on every machine that takes the package.`;
  throw new PackageError("failed", "ARCHIVE_TOO_LARGE", message, { detail: { maxArchiveBytes } });
}
