/**
 * Verifies an archive while it still arrives, so that there is little left to do when it is whole. Only
 * for one that comes by way of a torrent which the publisher signed: what is read has been checked
 * piece by piece then, while the SHA-256 of the whole is known only in the end.
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

/** What {@linkcode verifyArriving} is told. */
export interface ArrivingOptions extends Omit<VerifyOptions, "unpackTo"> {
  minimal: MinimalManifest;
  /**
   * Waits until more than `bytes` bytes from the start of the archive are there to stay, or all of
   * them; resolves with how many. Rejects if no more will come.
   */
  arrived(bytes: number): Promise<number>;
}

/**
 * Does what `verifyArchive` does, reading each byte once, as it arrives. The steps are told in another
 * order: `archive-hash` comes last. If it fails, `verifyArchive` on the whole archive tells why.
 *
 * @throws {PackageError} as `verifyArchive`; whatever `arrived` rejects with
 */
export async function verifyArriving(options: ArrivingOptions): Promise<VerifiedArchive> {
  const { archivePath, minimal, limits = defaultArchiveLimits, signal, arrived } = options;
  const begin = (step: Parameters<NonNullable<VerifyOptions["onStep"]>>[0]) =>
    options.onStep?.(step);
  checkMinimal(minimal, options.publicKey, begin);
  // There is no file before.
  await arrived(0);
  using opened = await openArchive(archivePath);
  // As long as it will be.
  const archive: OpenArchive = { ...opened, info: { ...opened.info, size: minimal.length } };
  checkLength(archive, minimal, limits, begin);
  const hash = createHash("sha256");
  // While one is looked at, the next one is read.
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
        // Heard when it is its turn, or not at all.
        next?.catch(() => {});
        hash.update(chunk);
        yield chunk;
      }
    } finally {
      // The file is closed after this.
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
