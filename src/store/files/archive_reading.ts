/**
 * Reading an archive from one end to the other: for copying it, and to see that it is the one that a
 * minimal manifest names.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { formatSha256, type MinimalManifest } from "../../package/mod.ts";
import { openRegular } from "./atomic_files.ts";
import { fileError, StoreError } from "./errors.ts";

const CHUNK_BYTES = 1 << 20;

/**
 * The archive's bytes, hashed as they pass. Throws at the end, in place of the last chunk's successor,
 * if they were not those that the manifest names; each chunk is good until the next is asked for.
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

/** Reads an archive to see that it is the one named. Throws like {@linkcode checkedChunks}. */
export async function checkArchive(
  path: string,
  minimal: MinimalManifest,
  signal?: AbortSignal,
): Promise<void> {
  for await (const _ of checkedChunks(path, minimal, signal));
}

/** SHA-256 of a file, as manifests write it. Throws the errors of reading a file. */
export async function hashOf(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of chunksOf(path, signal)) hash.update(chunk);
  return formatSha256(new Uint8Array(hash.digest()));
}

/** The file's bytes; each chunk is good until the next is asked for. */
async function* chunksOf(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const file = await openRegular(path);
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
