/**
 * Reads archives as a whole, to copy them and to compare them with the hash in a minimal manifest.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { formatSha256, type MinimalManifest } from "../../package/mod.ts";
import { type OpenOptions, openRegular, writeTemporary } from "./atomic_files.ts";
import { fileError, StoreError } from "./errors.ts";
import type { Temporary } from "./temporaries.ts";

const CHUNK_BYTES = 1 << 20;

/**
 * Yields the bytes of an archive and hashes them. Throws after the last chunk if length or hash
 * differ from the manifest, so the caller must not use the bytes before the end. Each chunk is
 * valid only until the next one, because all chunks share a buffer.
 *
 * @throws {StoreError} `ARCHIVE_MISMATCH`, and the errors of reading a file
 */
export async function* checkedChunks(
  path: string,
  minimal: MinimalManifest,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { name, version, length, archiveSha256 } = minimal;
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of chunksOf(path, signal)) {
    hash.update(chunk);
    bytes += chunk.length;
    if (bytes > length) break;
    yield chunk;
  }
  const found = formatSha256(new Uint8Array(hash.digest()));
  if (bytes === length && found === archiveSha256) return;
  throw new StoreError(
    "verification",
    "ARCHIVE_MISMATCH",
    `${path} is not the archive that the minimal manifest of ${name}@${version} names: ` +
      (bytes === length
        ? `its hash is ${found}, not ${archiveSha256}`
        : `its length is not ${length}`),
    { detail: { path, expected: archiveSha256 } },
  );
}

/** Checks the length and the hash of an archive. Throws like {@linkcode checkedChunks}. */
export async function checkArchive(
  path: string,
  minimal: MinimalManifest,
  signal?: AbortSignal,
): Promise<void> {
  for await (const _ of checkedChunks(path, minimal, signal));
}

/**
 * Returns the SHA-256 of a file in the form that manifests use, `sha256:HEX`. Throws the errors of
 * reading a file.
 */
export async function hashOf(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of chunksOf(path, signal)) hash.update(chunk);
  return formatSha256(new Uint8Array(hash.digest()));
}

/**
 * Copies a regular file with one name to a temporary file beside `path`, and flushes the copy to the
 * disk. If another file takes the source's name meanwhile, the copy is still whole.
 *
 * @returns the copy; dispose of it after renaming or removing the file
 * @throws {StoreError} `LINK_REFUSED` for a symbolic link or a file with several names (hard links),
 * and the errors of reading and writing
 */
export function copyToTemporary(
  source: string,
  path: string,
  signal?: AbortSignal,
): Promise<Temporary> {
  return writeTemporary(path, chunksOf(source, signal, { oneName: true }));
}

/**
 * Yields the bytes of a file. Each chunk is valid only until the next one, because all chunks share
 * a buffer. Throws the errors of {@linkcode openRegular}.
 */
async function* chunksOf(
  path: string,
  signal?: AbortSignal,
  options: OpenOptions = {},
): AsyncGenerator<Uint8Array> {
  const file = await openRegular(path, constants.O_RDONLY, options);
  try {
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (cause) {
    throw fileError(cause, "read", path);
  } finally {
    await file.close();
  }
}
