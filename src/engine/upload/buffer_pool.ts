/**
 * A pool of reusable buffers. A new buffer must be filled with zeros, which costs as much as
 * copying data into it, and every few megabytes of new buffers cause a garbage collection. Reusing
 * buffers saves both costs.
 *
 * @module
 */

/** Buffers that are waiting for reuse. */
export class BufferPool {
  #maxBytes: number;
  readonly #buffers: Uint8Array[] = [];
  #bytes = 0;

  /** @param maxBytes maximum total size of the unused buffers, in bytes */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Changes the maximum total size of unused buffers, and drops buffers that exceed the new
   * maximum.
   */
  set maxBytes(bytes: number) {
    this.#maxBytes = bytes;
    while (this.#bytes > bytes) this.#bytes -= this.#buffers.pop()!.length;
  }

  /** Returns a buffer of exactly this length, reused or new. Its contents are undefined. */
  acquire(lengthBytes: number): Uint8Array {
    const at = this.#buffers.findLastIndex(({ length }) => length === lengthBytes);
    if (at === -1) return new Uint8Array(lengthBytes);
    this.#bytes -= lengthBytes;
    return this.#buffers.splice(at, 1)[0]!;
  }

  /** Returns a buffer to the pool. Nothing may read the buffer any more. A full pool drops it. */
  release(buffer: Uint8Array): void {
    if (this.#bytes + buffer.length > this.#maxBytes || this.#buffers.includes(buffer)) return;
    this.#bytes += buffer.length;
    this.#buffers.push(buffer);
  }
}
