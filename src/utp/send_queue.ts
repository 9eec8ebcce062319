/**
 * Bytes that were written to a connection and are in no packet yet.
 *
 * @module
 */

interface Written {
  bytes: Uint8Array;
  /** Number of bytes that have been taken. */
  at: number;
  done: () => void;
}

/** A queue of writes, from which bytes are taken in order. */
export class SendQueue {
  /** Number of bytes in the queue. */
  lengthBytes = 0;
  #writes: Written[] = [];
  #first = 0;
  /** Writers whose bytes have all been taken, and who have not been told. */
  #taken: (() => void)[] = [];

  /** @param done called by {@linkcode tellWriters} after all bytes have been taken */
  add(bytes: Uint8Array, done: () => void): void {
    if (bytes.length === 0) return void this.#taken.push(done);
    this.#writes.push({ bytes, at: 0, done });
    this.lengthBytes += bytes.length;
  }

  /** Moves bytes from the queue to `target`, which is no longer than the queue. */
  take(target: Uint8Array): void {
    this.lengthBytes -= target.length;
    for (let at = 0; at < target.length;) {
      const write = this.#writes[this.#first]!;
      const part = write.bytes.subarray(write.at, write.at + target.length - at);
      target.set(part, at);
      at += part.length;
      write.at += part.length;
      if (write.at < write.bytes.length) continue;
      this.#taken.push(write.done);
      if (++this.#first < this.#writes.length) continue;
      this.#writes = [];
      this.#first = 0;
    }
  }

  /** Tells the writers whose bytes have been taken. They may write at once. */
  tellWriters(): void {
    if (this.#taken.length === 0) return;
    const taken = this.#taken;
    this.#taken = [];
    for (const done of taken) done();
  }

  /** Forgets all bytes. Their writers are told by the next {@linkcode tellWriters}. */
  clear(): void {
    for (const { done } of this.#writes.slice(this.#first)) this.#taken.push(done);
    this.#writes = [];
    this.#first = this.lengthBytes = 0;
  }
}
