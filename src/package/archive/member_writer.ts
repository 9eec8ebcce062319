/**
 * Compresses a tar to a sequence of gzip members.
 *
 * @module
 */

import type { Compressed, Compressor } from "./compressor.ts";

/**
 * Length in bytes of the tar in each gzip member except the last. The archive's bytes depend on
 * this value.
 */
export const MEMBER_BYTES = 4 * 1024 * 1024;

/**
 * Splits a stream of tar bytes into gzip members, and writes the members in order. Takes memory for
 * the input of all members that are compressed in parallel, and for the input of two more members.
 */
export class MemberWriter {
  /** Number of tar bytes compressed so far. */
  tarBytes = 0;
  /** Number of compressed bytes written so far. */
  gzipBytes = 0;
  readonly #compressor: Compressor;
  readonly #write: (member: Uint8Array) => Promise<void>;
  readonly #pending: Promise<Compressed>[] = [];
  readonly #free: Uint8Array[] = [];
  #buffer: Uint8Array = new Uint8Array(MEMBER_BYTES);
  #used = 0;

  /** @param write called with the members in order */
  constructor(compressor: Compressor, write: (member: Uint8Array) => Promise<void>) {
    this.#compressor = compressor;
    this.#write = write;
  }

  /** Adds the next bytes of the tar. The bytes are copied. */
  async add(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + MEMBER_BYTES - this.#used);
      this.#buffer.set(part, this.#used);
      this.#used += part.length;
      at += part.length;
      if (this.#used === MEMBER_BYTES) await this.#flush();
    }
  }

  /** Compresses and writes the remaining bytes of the tar. No bytes may be added afterwards. */
  async end(): Promise<void> {
    if (this.#used > 0) await this.#flush();
    while (this.#pending.length > 0) await this.#writeNext();
  }

  async #flush(): Promise<void> {
    const member = this.#compressor.compress(this.#buffer, this.#used);
    // An error of the compression is thrown when the member is awaited. If packing fails earlier
    // for another reason, the member is never awaited, and its error must not count as an unhandled
    // rejection.
    member.catch(() => {});
    this.#pending.push(member);
    this.tarBytes += this.#used;
    this.#used = 0;
    while (this.#pending.length > this.#compressor.ahead) await this.#writeNext();
    this.#buffer = this.#free.pop() ?? new Uint8Array(MEMBER_BYTES);
  }

  async #writeNext(): Promise<void> {
    const { member, buffer } = await this.#pending.shift()!;
    this.#free.push(buffer);
    this.gzipBytes += member.length;
    await this.#write(member);
  }
}
