/**
 * A pool of buffers. Reusing one saves zero-filling new memory, which costs as much as copying into
 * it, and spares the garbage collector, which runs once for every few megabytes allocated.
 *
 * @module
 */

/** Buffers that are not in use. */
export class BufferPool {
  #maxBytes: number;
  readonly #buffers: Uint8Array[] = [];
  #bytes = 0;

  /** @param maxBytes maximum size of the unused buffers together */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Changes the maximum size and drops unused buffers beyond it. */
  set maxBytes(bytes: number) {
    this.#maxBytes = bytes;
    while (this.#bytes > bytes) this.#bytes -= this.#buffers.pop()!.length;
  }

  /** A buffer of exactly this length, from the pool or new. Its contents are undefined. */
  acquire(lengthBytes: number): Uint8Array {
    const at = this.#buffers.findLastIndex(({ length }) => length === lengthBytes);
    if (at === -1) return new Uint8Array(lengthBytes);
    this.#bytes -= lengthBytes;
    return this.#buffers.splice(at, 1)[0]!;
  }

  /** Returns a buffer that nothing reads any more; it is dropped if the pool is full. */
  release(buffer: Uint8Array): void {
    if (this.#bytes + buffer.length > this.#maxBytes || this.#buffers.includes(buffer)) return;
    this.#bytes += buffer.length;
    this.#buffers.push(buffer);
  }
}
