/**
 * One pass over an archive: computes its SHA-256 and, on request, the SHA-1 of its pieces and a
 * copy, in two threads if the archive is long enough. With a copy, the copy's bytes are hashed, so
 * that a concurrent change of the archive cannot go unnoticed. `pass_steps.ts` implements the work
 * of each thread.
 *
 * @module
 */

import { resolve } from "node:path";
import { SHA1_BYTES, SHA256_BYTES } from "../torrent/mod.ts";
import { type OpenArchive, unreadable } from "./archive_file.ts";
import { BlockRing } from "./block_ring.ts";
import { fileChanged, isSameFile } from "./file_mark.ts";
import type { FileWriter } from "./file_writer.ts";
import {
  type PassFailure,
  type PassPlan,
  PassState,
  PassStopped,
  rangeBytesFor,
} from "./pass_state.ts";
import { PassSteps } from "./pass_steps.ts";
import { CHUNK_BYTES } from "./read_chunks.ts";
import { writeFailed } from "./temporaries.ts";
import { type StartThread, Thread, usefulThreads } from "./threads.ts";

/**
 * Minimum length in bytes for which threads are used. Two threads take some 50 ms to start, in which
 * one thread copies and hashes about half of this.
 */
const THREAD_BYTES = 32 * 1024 * 1024;

/** Options of {@linkcode ArchivePass.start}: the archive to hash, and what to compute. */
export interface PassOptions {
  source: OpenArchive;
  /** The copy, a file to which the bytes of the source are appended. */
  copy?: FileWriter;
  /** Length in bytes of the pieces whose SHA-1 is computed. Default: no piece's is. */
  pieceBytes?: number;
  /** Maximum number of threads. With 0, the pass runs in the calling thread. */
  threads?: number;
  /** Starts a thread. Without it, the pass runs in the calling thread. */
  startThread?: StartThread;
  signal?: AbortSignal;
  /**
   * Called with the number of bytes copied and hashed since the last call. An error thrown by this
   * callback ends the pass.
   */
  onProgress?: (bytes: number) => void;
}

/** The hashes computed by a pass. */
export interface PassHashes {
  /** SHA-256 of the archive, 32 bytes. */
  sha256: Uint8Array;
  /** SHA-1 of each piece, 20 bytes each, concatenated; empty if not requested. */
  pieces: Uint8Array;
}

/**
 * A running pass. Disposing of this object stops the pass, and resolves when no thread is running
 * any more.
 */
export class ArchivePass implements AsyncDisposable {
  readonly #options: PassOptions;
  readonly #plan: PassPlan;
  readonly #state: PassState;
  readonly #done: Promise<void>;
  /** The error that the callback `onProgress` threw; `finish()` throws it again. */
  #thrown: { error: unknown } | undefined;
  #change = Promise.withResolvers<void>();

  /** Starts a pass. Errors of the pass are thrown by {@linkcode ArchivePass.finish}. */
  static async start(options: PassOptions): Promise<ArchivePass> {
    const { source, copy, pieceBytes } = options;
    const { dev, ino, size, mtime, ctime } = source.info;
    const mark = await copy?.mark();
    const lengthBytes = size + (mark?.size ?? 0);
    const pieces = pieceBytes === undefined ? undefined : {
      pieceBytes,
      hashes: new Uint8Array(
        new SharedArrayBuffer(Math.ceil(lengthBytes / pieceBytes) * SHA1_BYTES),
      ),
    };
    return new ArchivePass(options, {
      // The permissions of a thread name absolute paths.
      source: { path: resolve(source.path), mark: { dev, ino, size, mtime, ctime } },
      copy: copy && mark && { path: resolve(copy.path), mark, headBytes: mark.size },
      lengthBytes,
      sha256: new Uint8Array(new SharedArrayBuffer(SHA256_BYTES)),
      pieces,
      shared: PassState.memoryFor({ lengthBytes, pieces }),
    });
  }

  private constructor(options: PassOptions, plan: PassPlan) {
    this.#options = options;
    this.#plan = plan;
    this.#state = new PassState(plan.shared);
    this.#done = this.#run();
    // finish() throws a failure; until then it must not count as an unhandled rejection.
    this.#done.catch(() => {});
  }

  /**
   * Yields the hashed bytes in order, as soon as they are copied. Each chunk is valid only until
   * the next one is requested. Throws the errors of {@linkcode ArchivePass.finish}.
   */
  async *chunks(): AsyncGenerator<Uint8Array> {
    const { lengthBytes, source, copy } = this.#plan;
    const rangeBytes = rangeBytesFor(this.#plan);
    using file = await Deno.open((copy ?? source).path);
    const buffer = new Uint8Array(CHUNK_BYTES);
    let ready = copy ? 0 : this.#state.ranges;
    for (let at = 0; at < lengthBytes;) {
      while (ready * rangeBytes <= at) {
        const change = this.#change.promise;
        if (this.#state.isDone(ready)) ready++;
        else if (this.#state.stopped) await this.#done;
        else await change;
      }
      this.#options.signal?.throwIfAborted();
      const left = Math.min(ready * rangeBytes, lengthBytes) - at;
      const length = await file.read(buffer.subarray(0, left));
      if (length === null) throw fileChanged((copy ?? source).path);
      at += length;
      yield buffer.subarray(0, length);
    }
  }

  /**
   * Waits for the end of the pass, and returns the hashes.
   *
   * @throws {PackageError} `FILE_CHANGED`, `ARCHIVE_UNREADABLE`, `WRITE_FAILED`, `THREAD_DIED`
   */
  async finish(): Promise<PassHashes> {
    await this.#done;
    const { source } = this.#options;
    if (!isSameFile(source.info, await source.file.stat())) throw fileChanged(source.path);
    const { sha256, pieces } = this.#plan;
    return { sha256: new Uint8Array(sha256), pieces: new Uint8Array(pieces?.hashes ?? []) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state.stop();
    await this.#done.catch(() => {});
  }

  #startThreads(): Thread[] {
    const { lengthBytes, source, copy, pieces } = this.#plan;
    const { threads = usefulThreads(), startThread } = this.#options;
    if (threads === 0 || lengthBytes < THREAD_BYTES) return [];
    const write = copy ? [copy.path] : [];
    const files = { read: [source.path, ...write], write };
    const count = copy || pieces ? 2 : 1;
    return Thread.startSome(count, startThread, files, (range) => this.#report(range));
  }

  async #inThreads(threads: readonly Thread[]): Promise<void> {
    const { copy, pieces } = this.#plan;
    // With pieces, both threads copy and compute SHA-1, so neither can leave copying to the other.
    const isRing = threads.length === 2 && copy !== undefined && copy.headBytes === 0 && !pieces;
    const plan = { ...this.#plan, ring: isRing ? BlockRing.memory() : undefined };
    const asked = threads.map(async (thread, index) => {
      try {
        return await thread.ask({ order: "pass", plan, part: index === 0 ? "whole" : "help" });
      } catch (error) {
        // Stop the pass, because otherwise the other threads would wait for the failed thread.
        this.#state.stop();
        throw error;
      }
    });
    for (const end of await Promise.allSettled(asked)) {
      if (end.status === "rejected") throw end.reason;
      const { stopped } = end.value;
      if (stopped?.failure) throw this.#errorOf(stopped.failure);
    }
  }

  async #inThisThread(): Promise<void> {
    try {
      using steps = new PassSteps(this.#plan);
      for (const range of steps.whole()) {
        if (range !== undefined) this.#report(range);
        // An asynchronous call after each range yields to the event loop.
        await this.#options.source.file.stat();
      }
    } catch (error) {
      this.#state.stop();
      if (!(error instanceof PassStopped)) throw error;
      if (error.failure) throw this.#errorOf(error.failure);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#options;
    const threads = this.#startThreads();
    const stop = () => this.#state.stop();
    signal?.addEventListener("abort", stop);
    try {
      signal?.throwIfAborted();
      await (threads.length > 0 ? this.#inThreads(threads) : this.#inThisThread());
      signal?.throwIfAborted();
      if (this.#thrown) throw this.#thrown.error;
      if (this.#state.hashed < this.#state.ranges) throw new PassStopped(undefined);
    } finally {
      for (const thread of threads) thread[Symbol.dispose]();
      // Wake `chunks()`, which may be waiting for bytes.
      this.#state.stop();
      signal?.removeEventListener("abort", stop);
      this.#wake();
    }
  }

  #report(range: number): void {
    const { lengthBytes } = this.#plan;
    const rangeBytes = rangeBytesFor(this.#plan);
    const bytes = Math.min(rangeBytes, lengthBytes - range * rangeBytes);
    this.#options.copy?.written(bytes);
    try {
      this.#options.onProgress?.(bytes);
    } catch (error) {
      this.#thrown ??= { error };
      this.#state.stop();
    }
    this.#wake();
  }

  #wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  #errorOf({ reason, message }: PassFailure): Error {
    const { source, copy } = this.#options;
    if (reason === "changed") return fileChanged(source.path);
    const cause = new Error(message);
    return reason === "write" ? writeFailed(copy!.path, cause) : unreadable(source.path, cause);
  }
}
