/**
 * Compressing and hashing beside the main thread, on the processors that are there. What comes out does
 * not depend on how many threads there are, nor on whether there are any.
 *
 * @module
 */

import { ArchiveDigest, type ArchiveHashes } from "./archive_digest.ts";
import { PackageError } from "./errors.ts";
import { gzipMember } from "./gzip_member.ts";
import type { Answer, Order } from "./thread.ts";

/** The program file carries it as a bundle. */
const THREAD = new URL("./thread.ts", import.meta.url);
/** Each takes some 26 MB, and packing should do with 200 MB beyond what the program takes idle. */
const MAX_THREADS = 6;
/** Below this, an archive is hashed before a thread has started. */
const DIGEST_THREAD_BYTES = 16 * 1024 * 1024;
/** Buffers on their way to a digest, in it, or on their way back. */
const DIGEST_BUFFERS = 5;
/** Handing one over takes as long as hashing 200 KiB. */
const DIGEST_BUFFER_BYTES = 4 * 1024 * 1024;

/** How many threads are worth their start here. */
export function usefulThreads(): number {
  const processors = navigator.hardwareConcurrency;
  return processors > 1 ? Math.min(processors, MAX_THREADS) : 0;
}

/** One thread. It may neither read nor write nor reach the network. */
class Thread implements Disposable {
  readonly #worker: Worker;
  readonly #asked: PromiseWithResolvers<Answer>[] = [];
  #failure: PackageError | undefined;

  constructor() {
    this.#worker = new Worker(THREAD, {
      type: "module",
      name: "libreseed-package",
      deno: { permissions: "none" },
    });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      this.#asked.shift()?.resolve(data);
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

/**
 * The hashes of an archive, each computed on a thread of its own if the archive is long enough for
 * that. Whoever reads the archive does so into its buffers, which go round: from one thread to the
 * other and back.
 */
export class DigestThreads implements Disposable {
  readonly #inline: ArchiveDigest | undefined;
  readonly #threads: { whole: Thread; pieces: Thread } | undefined;
  readonly #free: Uint8Array[] = [];
  readonly #hashing: Promise<Answer>[] = [];
  #buffers = 0;

  /**
   * @param lengthBytes how many bytes will come
   * @param threads whether there may be any at all: more than 0
   */
  constructor(lengthBytes: number, threads: number) {
    if (threads === 0 || lengthBytes < DIGEST_THREAD_BYTES) {
      this.#inline = new ArchiveDigest(lengthBytes);
      return;
    }
    const [whole, pieces] = [new Thread(), new Thread()];
    whole.ask({ order: "digest", of: "whole", lengthBytes });
    pieces.ask({ order: "digest", of: "pieces", lengthBytes });
    this.#threads = { whole, pieces };
  }

  /**
   * Memory to read the next bytes into, 4 MiB, once there is some.
   *
   * @throws {PackageError} `THREAD_DIED`
   */
  async buffer(): Promise<Uint8Array> {
    for (;;) {
      const free = this.#free.pop();
      if (free) return free;
      if (this.#buffers < DIGEST_BUFFERS) {
        this.#buffers++;
        return new Uint8Array(DIGEST_BUFFER_BYTES);
      }
      const { bytes } = await this.#hashing.shift()!;
      this.#takeBack(bytes!);
    }
  }

  /** Takes the next bytes, with all the memory that they are in; one of the buffers is used again. */
  update(bytes: Uint8Array): void {
    if (this.#threads) {
      this.#hashing.push(this.#hash(this.#threads, bytes));
      return;
    }
    this.#inline!.update(bytes);
    this.#takeBack(bytes);
  }

  /** The hashes, once all bytes have come. Throws like {@linkcode DigestThreads.buffer}. */
  async finish(): Promise<ArchiveHashes> {
    if (!this.#threads) return this.#inline!.finish();
    const { whole, pieces } = this.#threads;
    const sha256 = await whole.ask({ order: "finish" });
    // What has left the one may not have reached the other.
    await Promise.all(this.#hashing);
    const hashes = await pieces.ask({ order: "finish" });
    return { sha256: sha256.hash!, pieces: hashes.hash! };
  }

  [Symbol.dispose](): void {
    this.#threads?.whole[Symbol.dispose]();
    this.#threads?.pieces[Symbol.dispose]();
  }

  #hash(threads: { whole: Thread; pieces: Thread }, bytes: Uint8Array): Promise<Answer> {
    const hashed = threads.whole.ask({ order: "update", bytes })
      .then((answer) => threads.pieces.ask({ order: "update", bytes: answer.bytes! }));
    // It is heard when its buffer is needed; until then, reading may have failed.
    hashed.catch(() => {});
    return hashed;
  }

  #takeBack({ buffer }: Uint8Array): void {
    // Or it was memory of the caller's own.
    if (buffer.byteLength === DIGEST_BUFFER_BYTES) this.#free.push(new Uint8Array(buffer));
  }
}
