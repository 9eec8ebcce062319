/**
 * Verifies an archive that a download brings, as bytes: the archive is the one that the publisher signed,
 * and begins with a valid manifest. The archive's SHA-256 covers all of its files, so only code that
 * makes files out of an archive has to inflate and hash each file (`verify.ts`).
 *
 * @module
 */

import { createHash } from "node:crypto";
import { pause } from "../../base/mod.ts";
import { chunksOfArchive, fileChanged, type OpenArchive, openArchive } from "../archive/mod.ts";
import type { VerificationStep } from "../errors.ts";
import type { MinimalManifest } from "../manifest/mod.ts";
import { defaultArchiveLimits } from "../paths/mod.ts";
import {
  checkHead,
  checkLength,
  checkMinimal,
  compareHash,
  firstFailure,
  type Job,
  type VerifiedArchive,
  type VerifyOptions,
} from "./verify.ts";

/** Length of the parts that are inflated to read the manifest, in bytes. Divides every piece length. */
const BLOCK_BYTES = 16 * 1024;

/** Length of the parts in which an arriving archive is read, in bytes. They fit a processor's cache. */
const PART_BYTES = 256 * 1024;

/** Options of {@linkcode verifyDownloaded}. */
export interface DownloadedOptions
  extends Pick<VerifyOptions, "archivePath" | "publicKey" | "limits" | "signal" | "onStep"> {
  minimal: MinimalManifest;
}

/** Options of {@linkcode verifyArriving}, which verifies an archive during its download. */
export interface ArrivingOptions extends DownloadedOptions {
  /**
   * Waits until more than `bytes` leading bytes of the archive, or all bytes, are downloaded and
   * final. Resolves with the number of downloaded leading bytes; rejects if no more bytes will
   * arrive.
   */
  arrived(bytes: number): Promise<number>;
}

/** The result of verifying an archive without its files. */
export type DownloadedArchive = Pick<
  VerifiedArchive,
  "archivePath" | "lengthBytes" | "sha256" | "full"
>;

/**
 * Verifies a downloaded archive without its files: every step of `verifyArchive` but `files`. The tar
 * behind the manifest is not inflated.
 *
 * @throws {PackageError} as `verifyArchive`
 */
export async function verifyDownloaded(options: DownloadedOptions): Promise<DownloadedArchive> {
  const { archivePath, minimal, publicKey, signal } = options;
  const { limits, begin } = settingsOf(options);
  checkMinimal(minimal, publicKey, begin);
  const archive = await openArchive(archivePath);
  try {
    checkLength(archive, minimal, limits, begin);
    begin("archive-hash");
    const job: Job = { ...options, limits, archive, begin };
    const { full, sha256 } = await hashWithHead(job, chunksOfArchive(archive, signal))
      .catch(async (error) => {
        throw await firstFailure(error, archive, minimal, signal);
      });
    compareHash(archive, sha256, minimal);
    return { archivePath, lengthBytes: minimal.length, sha256, full };
  } finally {
    archive[Symbol.dispose]();
  }
}

/**
 * Verifies like {@linkcode verifyDownloaded}, but reads each byte once, as it arrives. The step
 * `archive-hash` comes last. Only for a torrent whose infohash the publisher signed: BitTorrent checks
 * each piece before this code reads it, whereas the SHA-256 of the whole archive is known only at the
 * end. After a failure, run `verifyDownloaded` on the complete archive to learn the failed step.
 *
 * @throws {PackageError} as `verifyArchive`
 * @throws the error with which `arrived` rejects
 */
export async function verifyArriving(options: ArrivingOptions): Promise<DownloadedArchive> {
  const { archivePath, minimal, publicKey, signal, arrived } = options;
  const { limits, begin } = settingsOf(options);
  checkMinimal(minimal, publicKey, begin);
  // Wait for the first bytes, because the file may not exist before the first bytes arrive.
  await arrived(0);
  using opened = await openArchive(archivePath);
  // Use the size of the complete archive, because the file on the disk may still be shorter.
  const archive: OpenArchive = { ...opened, info: { ...opened.info, size: minimal.length } };
  checkLength(archive, minimal, limits, begin);
  const buffer = new Uint8Array(PART_BYTES);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let there = 0;
    for (let at = 0; at < minimal.length;) {
      signal?.throwIfAborted();
      if (there <= at) there = await arrived(at);
      else await pause();
      // The engine has just written these bytes, so they are in the system's cache.
      const count = archive.file.readSync(buffer.subarray(0, there - at));
      if (count === null) throw fileChanged(archivePath);
      at += count;
      yield buffer.subarray(0, count);
    }
  }
  const job: Job = { ...options, limits, archive, begin };
  const { full, sha256 } = await hashWithHead(job, chunks());
  begin("archive-hash");
  compareHash(archive, sha256, minimal);
  const { size, dev, ino } = await Deno.stat(archivePath);
  if (size !== minimal.length || dev !== opened.info.dev || ino !== opened.info.ino) {
    throw fileChanged(archivePath);
  }
  return { archivePath, lengthBytes: minimal.length, sha256, full };
}

/**
 * Runs the verification steps from `archive-limits` to `content-hash` on the beginning of an archive,
 * and computes the SHA-256 of all of it. Each chunk is hashed before it is inflated.
 */
async function hashWithHead(
  job: Job,
  chunks: AsyncGenerator<Uint8Array>,
): Promise<Pick<DownloadedArchive, "full" | "sha256">> {
  const hash = createHash("sha256");
  const next = async () => {
    const chunk = await chunks.next();
    if (!chunk.done) hash.update(chunk.value);
    return chunk;
  };
  try {
    // The iterator has no `return`, so that the bytes behind the manifest can be hashed afterwards.
    const beginning = inBlocks({ [Symbol.asyncIterator]: () => ({ next }) });
    const full = await checkHead({ ...job, isLazy: true }, beginning);
    while (!(await next()).done) { /* Only the hash needs these bytes. */ }
    return { full, sha256: new Uint8Array(hash.digest()) };
  } finally {
    await chunks.return(undefined);
  }
}

/**
 * Yields the same bytes in parts of at most {@linkcode BLOCK_BYTES}. The inflater is given whole parts,
 * and refuses one with damage behind the manifest. With fixed parts, that does not depend on how many
 * bytes had arrived.
 */
async function* inBlocks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += BLOCK_BYTES) {
      yield chunk.subarray(at, at + BLOCK_BYTES);
    }
  }
}

function settingsOf({ limits = defaultArchiveLimits, onStep }: DownloadedOptions) {
  return { limits, begin: (step: VerificationStep) => onStep?.(step) };
}
