/**
 * Compressing and hashing beside the main thread, on the processors that are there. What comes out does
 * not depend on how many threads there are, nor on whether there are any.
 *
 * @module
 */

import { PackageError } from "../errors.ts";
import { gzipMember } from "./gzip_member.ts";
import type { Answer, Order } from "./thread.ts";

/** The program file carries it as a bundle. */
const THREAD = new URL("./thread.ts", import.meta.url);
/** Each takes some 26 MB, and packing should do with 200 MB beyond what the program takes idle. */
const MAX_THREADS = 6;
/** How many threads are worth their start here. */
export function usefulThreads(): number {
  const processors = navigator.hardwareConcurrency;
  return processors > 1 ? Math.min(processors, MAX_THREADS) : 0;
}

/** The files that a thread is told of: absolute paths without links in them. */
export interface ThreadFiles {
  read: string[];
  write: string[];
}

/** One thread. It may neither reach the network nor, but for the files that it is told of, read or write. */
export class Thread implements Disposable {
  readonly #worker: Worker;
  readonly #asked: PromiseWithResolvers<Answer>[] = [];
  #failure: PackageError | undefined;

  /** @param onProgress hears of each range of a pass */
  constructor(files?: ThreadFiles, onProgress?: (range: number) => void) {
    this.#worker = new Worker(THREAD, {
      type: "module",
      name: "libreseed-package",
      deno: { permissions: files ? { ...files } : "none" },
    });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      if (data.range === undefined) this.#asked.shift()?.resolve(data);
      else onProgress?.(data.range);
    });
    this.#worker.addEventListener("error", (event) => {
      // Unhandled, it would end the whole program with a stack trace.
      event.preventDefault();
      const message = `A thread that compresses and hashes died: ${event.message}`;
      this.#fail(new PackageError("failed", "THREAD_DIED", message));
    });
  }

  /** How many orders it has not answered yet. */
  get load(): number {
    return this.#asked.length;
  }

  /** The order's bytes are the thread's from now on, and come back with the answer. */
  ask(order: Order): Promise<Answer> {
    if (this.#failure) return Promise.reject(this.#failure);
    const asked = Promise.withResolvers<Answer>();
    // Whoever packs may have failed and be waiting for it no more.
    asked.promise.catch(() => {});
    this.#asked.push(asked);
    const moved = "bytes" in order ? [order.bytes.buffer as ArrayBuffer] : [];
    this.#worker.postMessage(order, moved);
    return asked.promise;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
    this.#fail(new PackageError("failed", "THREAD_DIED", "The thread was ended."));
  }

  #fail(failure: PackageError): void {
    this.#failure ??= failure;
    for (const { reject } of this.#asked.splice(0)) reject(failure);
  }
}

/** A gzip member, and the memory of what it was made of. */
export interface Compressed {
  member: Uint8Array;
  /** As long as the one that was handed over; what is in it does not matter any more. */
  buffer: Uint8Array;
}

/** Makes gzip members, several at a time. Dispose of it to end its threads. */
export class Compressor implements Disposable {
  readonly #threads: Thread[];

  /** @param threads how many; with none, members are made by whoever asks for them */
  constructor(threads: number) {
    this.#threads = Array.from({ length: threads }, () => new Thread());
  }

  /** How many members to ask for before the first is waited for, so that no thread is idle. */
  get ahead(): number {
    return this.#threads.length === 0 ? 0 : this.#threads.length + 1;
  }

  /**
   * Compresses the first `lengthBytes` of a buffer, which is not to be touched until it comes back.
   *
   * @throws {PackageError} `THREAD_DIED`
   */
  async compress(buffer: Uint8Array, lengthBytes: number): Promise<Compressed> {
    const bytes = buffer.subarray(0, lengthBytes);
    const [first, ...others] = this.#threads;
    if (!first) return { member: gzipMember(bytes), buffer };
    const idlest = others.reduce((least, other) => other.load < least.load ? other : least, first);
    const answer = await idlest.ask({ order: "compress", bytes });
    return { member: answer.member!, buffer: new Uint8Array(answer.bytes!.buffer) };
  }

  [Symbol.dispose](): void {
    for (const thread of this.#threads) thread[Symbol.dispose]();
  }
}
