/**
 * Reads a file in chunks, with a read-ahead of one chunk.
 *
 * @module
 */

/** Length of a chunk in bytes. */
export const CHUNK_BYTES = 1024 * 1024;

/**
 * Yields a file from its current position to its end. While the caller uses a chunk, the next one
 * is read. A chunk is valid only until the next one is requested, because two buffers take turns.
 *
 * @param nextBuffer returns a buffer for each chunk, in place of the two buffers
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
      // The read's error is thrown when the chunk is awaited; until then it must not count as an
      // unhandled rejection.
      next.catch(() => {});
      yield chunk;
    }
  } finally {
    // Wait for the pending read, because the caller may close the file afterwards.
    await next.catch(() => {});
  }
}

function buffersInTurn(): () => Uint8Array {
  const buffers = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)];
  let at = 0;
  return () => buffers[at++ & 1]!;
}
