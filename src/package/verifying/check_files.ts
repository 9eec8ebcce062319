/**
 * The last step of the verification chain: every file of an archive has the expected hash, none is
 * missing, none is extra, and all are in the order of the manifest.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { pause } from "../../base/mod.ts";
import { SMALL_FILE_BYTES, type TarEntry } from "../archive/mod.ts";
import { type PackageError, quote, verificationError } from "../errors.ts";
import { hashAt, type ReadManifest } from "../manifest/mod.ts";
import { type ArchiveLimits, comparePaths, type PathList, PathSet } from "../paths/mod.ts";
import type { Unpacking } from "./unpack.ts";

/**
 * Number of files written between two yields to the event loop. Writing so many files takes some
 * hundredths of a second.
 */
const UNPACKED_AT_ONCE = 16;
const EMPTY_SHA256 = createHash("sha256").digest("hex");

/** The options of a verification that {@linkcode checkFiles} uses. */
export interface FilesJob {
  limits: ArchiveLimits;
  unpacking?: Unpacking;
  /** Called for each file whose hash is correct. */
  onFile?: (path: string, sizeBytes: number) => void;
}

/**
 * Runs the verification step `files`: compares every file with the full manifest. Returns the
 * length of the tar in bytes.
 */
export async function checkFiles(
  { limits, unpacking, onFile }: FilesJob,
  { paths, hashes }: ReadManifest,
  entries: AsyncGenerator<TarEntry, number>,
): Promise<number> {
  for (let at = 0;; at++) {
    const next = await entries.next();
    const path = paths.at(at);
    if (next.done) {
      if (path === undefined) return next.value;
      throw fileMissing(path, "");
    }
    if (next.value.path !== path) throw otherFile(next.value.path, path, paths, limits);
    const { whole, sizeBytes } = next.value;
    const expected = hashAt(hashes, at).toHex();
    // Small files are handled without `await`: they are numerous, and awaiting each would take
    // long.
    if (whole && sizeBytes <= SMALL_FILE_BYTES) {
      takeSmall(next.value, whole, expected, unpacking);
    } else await takeFile(next.value, expected, unpacking);
    onFile?.(path, sizeBytes);
    // Yield to the event loop here: each file may have created many directories synchronously.
    if (unpacking && at % UNPACKED_AT_ONCE === UNPACKED_AT_ONCE - 1) await pause();
  }
}

/** Makes the error for a file that is not the next file of the manifest. */
export function otherFile(
  path: string,
  expected: string | undefined,
  paths: PathList,
  limits: ArchiveLimits,
): PackageError {
  const isListed = Iterator.from(paths).some((listed) => listed === path);
  if (isListed && expected !== undefined && comparePaths(path, expected) > 0) {
    return fileMissing(expected, ", or has it in the wrong place");
  }
  const set = new PathSet({ ...limits, maxPathsBytes: Infinity });
  for (const listed of paths) set.add(listed);
  const problem = set.add(path);
  if (problem !== undefined) {
    return verificationError("archive-limits", problem.code, problem.message);
  }
  const message = `The archive has ${quote(path)} in it, which is not in its manifest.`;
  return verificationError("files", "FILE_EXTRA", message, { detail: { path } });
}

export function fileMissing(path: string, where: string): PackageError {
  const message = `The archive lacks ${quote(path)}, which is in its manifest${where}.`;
  return verificationError("files", "FILE_MISSING", message, { detail: { path } });
}

/**
 * Hashes a file, links or writes it if the archive is being unpacked, and refuses it if its hash is wrong.
 */
async function takeFile(
  entry: TarEntry,
  expected: string,
  unpacking?: Unpacking,
): Promise<void> {
  if (entry.sizeBytes <= SMALL_FILE_BYTES) {
    return takeSmall(entry, entry.whole ?? await readEntry(entry), expected, unpacking);
  }
  const hash = createHash("sha256");
  const { path, executable, sizeBytes } = entry;
  const isLinked = await unpacking?.link(path, { sha256: expected, sizeBytes, executable });
  using file = isLinked ? undefined : await unpacking?.open(path, executable);
  for await (const chunk of entry.contents()) {
    hash.update(chunk);
    await file?.write(chunk);
  }
  compareFile(entry, hash.digest("hex"), expected);
}

/**
 * Variant of {@linkcode takeFile} for a file whose bytes are all in memory.
 */
function takeSmall(
  entry: TarEntry,
  bytes: Uint8Array,
  expected: string,
  unpacking?: Unpacking,
): void {
  // Hashing to a hexadecimal digest takes a quarter of the time of hashing to a buffer.
  // `crypto.hash` is slower than `createHash` here.
  const sha256 = bytes.length === 0
    ? EMPTY_SHA256
    : createHash("sha256").update(bytes).digest("hex");
  compareFile(entry, sha256, expected);
  const { path, executable, sizeBytes } = entry;
  if (unpacking?.linkNow(path, { sha256, sizeBytes, executable })) return;
  unpacking?.write(path, executable, bytes);
}

/**
 * Compares a file's SHA-256 with the expected one.
 *
 * @param sha256 in hexadecimal, as `expected`
 */
export function compareFile({ path }: TarEntry, sha256: string, expected: string): void {
  if (sha256 === expected) return;
  const message = `The file ${quote(path)} in the archive does not have the hash in the manifest.`;
  throw verificationError("files", "HASH_MISMATCH", message, { detail: { path } });
}

/**
 * Reads the bytes of a tar entry into a buffer.
 *
 * @param bytes the buffer
 */
export async function readEntry(
  entry: TarEntry,
  bytes = new Uint8Array(entry.sizeBytes),
): Promise<Uint8Array> {
  let length = 0;
  for await (const chunk of entry.contents()) {
    bytes.set(chunk, length);
    length += chunk.length;
  }
  return bytes;
}
