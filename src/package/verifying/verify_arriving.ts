/**
 * Verifies an archive while it is downloaded, so that little work is left at the end. Only for a
 * torrent whose infohash the publisher signed: BitTorrent checks each piece before this code reads
 * it, whereas the SHA-256 of the whole archive is known only at the end.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { CHUNK_BYTES, fileChanged, type OpenArchive, openArchive } from "../archive/mod.ts";
import type { MinimalManifest } from "../manifest/mod.ts";
import { defaultArchiveLimits } from "../paths/mod.ts";
import {
  checkContents,
  checkLength,
  checkMinimal,
  compareHash,
  type VerifiedArchive,
  type VerifyOptions,
} from "./verify.ts";

/** Options of {@linkcode verifyArriving}, which verifies an archive during its download. */
export interface ArrivingOptions extends Omit<VerifyOptions, "unpackTo"> {
  minimal: MinimalManifest;
  /**
   * Waits until more than `bytes` leading bytes of the archive, or all bytes, are downloaded and
   * final. Resolves with the number of downloaded leading bytes; rejects if no more bytes will
   * arrive.
   */
  arrived(bytes: number): Promise<number>;
}

/**
 * Verifies like `verifyArchive`, but reads each byte once, as it arrives. The step `archive-hash`
 * comes last. After a failure, run `verifyArchive` on the complete archive to learn the failed
 * step.
 *
 * @throws {PackageError} as `verifyArchive`
 * @throws the error with which `arrived` rejects
 */
export async function verifyArriving(options: ArrivingOptions): Promise<VerifiedArchive> {
  const { archivePath, minimal, limits = defaultArchiveLimits, signal, arrived } = options;
  const begin = (step: Parameters<NonNullable<VerifyOptions["onStep"]>>[0]) =>
    options.onStep?.(step);
  checkMinimal(minimal, options.publicKey, begin);
  // Wait for the first bytes, because the file may not exist before the first bytes arrive.
  await arrived(0);
  using opened = await openArchive(archivePath);
  // Use the size of the complete archive, because the file on the disk may still be shorter.
  const archive: OpenArchive = { ...opened, info: { ...opened.info, size: minimal.length } };
  checkLength(archive, minimal, limits, begin);
  const hash = createHash("sha256");
  // Two buffers take turns: while one chunk is used, the next is read into the other buffer.
  const buffers = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)];
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let there = 0;
    const read = async (at: number) => {
      signal?.throwIfAborted();
      if (there <= at) there = await arrived(at);
      const buffer = buffers.reverse()[0]!.subarray(0, there - at);
      const count = await archive.file.read(buffer);
      if (count === null) throw fileChanged(archivePath);
      return buffer.subarray(0, count);
    };
    let next = minimal.length > 0 ? read(0) : undefined;
    try {
      for (let at = 0; next;) {
        const chunk = await next;
        at += chunk.length;
        next = at < minimal.length ? read(at) : undefined;
        // The read's error is thrown when the chunk is awaited; until then it must not count as an
        // unhandled rejection.
        next?.catch(() => {});
        hash.update(chunk);
        yield chunk;
      }
    } finally {
      // Wait for the pending read before the file is closed.
      await next?.catch(() => {});
    }
  }
  const contents = await checkContents({ ...options, limits, archive, begin }, chunks());
  begin("archive-hash");
  const sha256 = new Uint8Array(hash.digest());
  compareHash(archive, sha256, minimal);
  const { size, dev, ino } = await Deno.stat(archivePath);
  if (size !== minimal.length || dev !== opened.info.dev || ino !== opened.info.ino) {
    throw fileChanged(archivePath);
  }
  return { archivePath, lengthBytes: minimal.length, sha256, minimal, inner: false, ...contents };
}
