/**
 * Compresses parts of a tar to gzip members, in worker threads if there are any.
 *
 * @module
 */

import { type CompressedMembers, compressMembers } from "./gzip_member.ts";
import { type StartThread, Thread } from "./threads.ts";

/** The result of compressing: gzip members, and the input buffer for reuse. */
export interface Compressed extends CompressedMembers {
  /** The input buffer, of unchanged length and undefined contents. */
  buffer: Uint8Array;
}

/** Makes gzip members in parallel. Disposing of the compressor ends its threads. */
export class Compressor implements Disposable {
  readonly #threads: Thread[];

  /**
   * @param threads maximum number of threads; with 0, the calling thread compresses
   * @param start without it, the calling thread compresses, too
   */
  constructor(threads: number, start?: StartThread) {
    this.#threads = Thread.startSome(threads, start);
  }

  /** Number of batches to request before awaiting the first, so that no thread is idle. */
  get ahead(): number {
    return this.#threads.length === 0 ? 0 : this.#threads.length + 1;
  }

  /**
   * Compresses the beginning of a buffer to one or more members. The caller must not use the buffer
   * until it is returned with the result.
   *
   * @param ends the offset at which each member's bytes end, and the next one's begin
   * @throws {PackageError} `THREAD_DIED`
   */
  async compress(buffer: Uint8Array, ends: readonly number[]): Promise<Compressed> {
    const [first, ...others] = this.#threads;
    if (!first) return { ...compressMembers(buffer, ends), buffer };
    const idlest = others.reduce((least, other) => other.load < least.load ? other : least, first);
    const answer = await idlest.ask({ order: "compress", bytes: buffer, ends });
    return { ...answer.compressed!, buffer: answer.bytes! };
  }

  [Symbol.dispose](): void {
    for (const thread of this.#threads) thread[Symbol.dispose]();
  }
}
