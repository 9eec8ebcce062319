/**
 * Reads a file in chunks, one chunk ahead.
 *
 * @module
 */

/** Length of a chunk in bytes. */
export const CHUNK_BYTES = 1024 * 1024;

/**
 * Yields a file from its current position to its end. While the caller uses a chunk, the next one is
 * read. A chunk is valid until the next one is requested, since two buffers take turns.
 *
 * @param nextBuffer returns the buffer for each chunk instead
 */
export async function* readChunks(
  file: Deno.FsFile,
  signal?: AbortSignal,
  nextBuffer: () => Uint8Array | Promise<Uint8Array> = buffersInTurn(),
): AsyncGenerator<Uint8Array> {
  const read = async () => {
    const buffer = await nextBuffer();
    const length = await file.read(buffer);
    return length === null ? undefined : buffer.subarray(0, length);
  };
  let next = read();
  try {
    for (;;) {
      signal?.throwIfAborted();
      const chunk = await next;
      if (chunk === undefined) return;
      next = read();
      // A failure surfaces when the chunk is awaited; until then it must not count as unhandled.
      next.catch(() => {});
      yield chunk;
    }
  } finally {
    // The caller may close the file afterwards, so the read has to end first.
    await next.catch(() => {});
  }
}

function buffersInTurn(): () => Uint8Array {
  const buffers = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)];
  let at = 0;
  return () => buffers[at++ & 1]!;
}
