/**
 * Buffers that are used again: new memory costs as much as copying into it does, and the garbage
 * collector is called for every few megabytes of it.
 *
 * @module
 */

/** Buffers that are nobody's at the moment. */
export class SpareBuffers {
  #maxBytes: number;
  readonly #buffers: Uint8Array[] = [];
  #bytes = 0;

  /** @param maxBytes what is kept at most */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Lets go of what is more than this. */
  set maxBytes(bytes: number) {
    this.#maxBytes = bytes;
    while (this.#bytes > bytes) this.#bytes -= this.#buffers.pop()!.length;
  }

  /** A buffer of so many bytes, whatever is in it. */
  take(lengthBytes: number): Uint8Array {
    const at = this.#buffers.findLastIndex(({ length }) => length === lengthBytes);
    if (at === -1) return new Uint8Array(lengthBytes);
    this.#bytes -= lengthBytes;
    return this.#buffers.splice(at, 1)[0]!;
  }

  /** Takes back a buffer that nobody looks at any more. */
  give(buffer: Uint8Array): void {
    if (this.#bytes + buffer.length > this.#maxBytes || this.#buffers.includes(buffer)) return;
    this.#bytes += buffer.length;
    this.#buffers.push(buffer);
  }
}
