/**
 * Reads the files that are packed, and detects changes by other programs during the read.
 *
 * @module
 */

import { fileChanged, isSameFile } from "../archive/mod.ts";
import { PackageError, unreadable } from "../errors.ts";
import type { ScannedFile } from "../selection/mod.ts";

/**
 * Maximum length in bytes of one synchronous read. For such short reads an asynchronous call takes
 * longer than the read.
 */
const SMALL_FILE_BYTES = 64 * 1024;

/**
 * Yields the bytes of a file, and checks that the file has not changed since the directory was
 * scanned. A chunk is never empty, and its bytes stay unaltered after it was yielded.
 *
 * @param nextBuffer returns a buffer for the next part of a large file
 * @throws {PackageError} `FILE_CHANGED`, `FILE_UNREADABLE`
 */
export async function* readSource(
  file: ScannedFile,
  nextBuffer: () => Uint8Array,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  try {
    if (file.info.size > SMALL_FILE_BYTES) return yield* readLarge(file, nextBuffer, signal);
    const bytes = readSmall(file);
    if (bytes.length > 0) yield bytes;
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof Deno.errors.NotFound) throw fileChanged(file.source);
    throw cause instanceof PackageError ? cause : unreadable(file.source, cause);
  }
}

function readSmall({ source, info }: ScannedFile): Uint8Array {
  using file = Deno.openSync(source);
  if (!isSameFile(info, file.statSync())) throw fileChanged(source);
  const bytes = new Uint8Array(info.size);
  for (let at = 0; at < bytes.length;) {
    const length = file.readSync(bytes.subarray(at));
    if (length === null) throw fileChanged(source);
    at += length;
  }
  if (!isSameFile(info, file.statSync())) throw fileChanged(source);
  return bytes;
}

async function* readLarge(
  { source, info }: ScannedFile,
  nextBuffer: () => Uint8Array,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(source);
  if (!isSameFile(info, await file.stat())) throw fileChanged(source);
  for (let left = info.size; left > 0;) {
    signal?.throwIfAborted();
    const buffer = nextBuffer();
    const length = await file.read(buffer.subarray(0, left));
    if (length === null) throw fileChanged(source);
    left -= length;
    yield buffer.subarray(0, length);
  }
  if (!isSameFile(info, await file.stat())) throw fileChanged(source);
}
