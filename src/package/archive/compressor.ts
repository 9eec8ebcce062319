/**
 * Compresses parts of a tar to gzip members, in worker threads if there are any.
 *
 * @module
 */

import { type CompressedMembers, compressMembers } from "./gzip_member.ts";
import { type StartThread, Thread } from "./threads.ts";

/** The buffers of a batch, which are reused: fresh ones would cost as much as storing their bytes. */
export interface Buffers {
  /** The bytes to compress. */
  input: Uint8Array;
  /** As long as `outputBytesFor` says. */
  output: Uint8Array;
}

/** The result of compressing: gzip members in the output buffer, and the buffers for reuse. */
export interface Compressed extends CompressedMembers {
  buffers: Buffers;
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
   * Compresses the beginning of the input to one or more members. The caller must not use the buffers
   * until they are returned with the result.
   *
   * @param ends the offset at which each member's bytes end, and the next one's begin
   * @throws {PackageError} `THREAD_DIED`
   */
  async compress(buffers: Buffers, ends: readonly number[]): Promise<Compressed> {
    const [first, ...others] = this.#threads;
    const { input, output } = buffers;
    if (!first) return { ...compressMembers(input, ends, output), buffers };
    const idlest = others.reduce((least, other) => other.load < least.load ? other : least, first);
    const { members } = await idlest.ask({ order: "compress", input, ends, output });
    const { buffer } = members!.bytes;
    return { ...members!, buffers: { input: members!.input, output: new Uint8Array(buffer) } };
  }

  [Symbol.dispose](): void {
    for (const thread of this.#threads) thread[Symbol.dispose]();
  }
}
