/**
 * Writes many small files in threads, which run `file_batch.ts`. Creating a file takes longer than
 * hashing or inflating its few bytes: the file system's work, and Deno's, which looks at each directory
 * above a file for links.
 *
 * @module
 */

import { type FileBatch, type FileFailure, writeBatch } from "./file_batch.ts";
import { writeFailed } from "./temporaries.ts";
import { type StartThread, Thread, usefulThreads } from "./threads.ts";

/**
 * Maximum length in bytes of a file that is written synchronously, or in a thread. For such a small file
 * an asynchronous call takes longer than the write.
 */
export const SMALL_FILE_BYTES = 64 * 1024;
/** Length in bytes of a buffer with the contents of several files. */
const BATCH_BYTES = 256 * 1024;
/** Maximum number of files in a batch, so that a thread gets its first batch early. */
const BATCH_FILES = 64;
/**
 * Maximum number of batches that a thread has not written yet. When every thread has as many, the calling
 * thread writes the next batch itself: where other programs want the processors, too, it would otherwise
 * wait for a thread that waits for a processor.
 */
const BATCHES_AHEAD = 4;

/**
 * Writes small files in threads, a batch at a time. After {@linkcode SmallFiles.finish}, or once this
 * object is disposed of, no thread writes any more.
 */
export class SmallFiles implements AsyncDisposable {
  readonly #threads: readonly Thread[];
  /** The batches that the threads are writing. */
  readonly #pending = new Set<Promise<void>>();
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #usedBytes = 0;
  #batch: FileBatch = { paths: [], modes: [], lengths: [] };
  #failure: unknown;

  /**
   * Starts the threads, or returns `undefined` if none can be started.
   *
   * @param directory absolute path of the directory in which the files will be
   */
  static start(directory: string, startThread: StartThread | undefined): SmallFiles | undefined {
    const files = { read: [], write: [directory] };
    const threads = Thread.startSome(usefulThreads(), startThread, files);
    return threads.length === 0 ? undefined : new SmallFiles(threads);
  }

  private constructor(threads: readonly Thread[]) {
    this.#threads = threads;
  }

  /**
   * Adds a file of at most {@linkcode SMALL_FILE_BYTES}. The bytes are copied.
   *
   * @param path absolute path in the directory; its parent directory must exist
   * @throws {PackageError} `WRITE_FAILED`, `DISK_FULL`, `THREAD_DIED`, also of a file that was added earlier
   */
  add(path: string, mode: number, bytes: Uint8Array): void {
    const isFull = this.#batch.paths.length === BATCH_FILES ||
      this.#usedBytes + bytes.length > BATCH_BYTES;
    if (isFull) this.#send();
    if (this.#failure !== undefined) throw this.#failure;
    this.#buffer ??= this.#free.pop() ?? new Uint8Array(BATCH_BYTES);
    this.#buffer.set(bytes, this.#usedBytes);
    this.#usedBytes += bytes.length;
    const { paths, modes, lengths } = this.#batch;
    paths.push(path);
    modes.push(mode);
    lengths.push(bytes.length);
  }

  /**
   * Waits until all files are written.
   *
   * @throws {PackageError} `WRITE_FAILED`, `DISK_FULL`, `THREAD_DIED`
   */
  async finish(): Promise<void> {
    this.#send();
    await Promise.all(this.#pending);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A thread that is ended in the middle of a batch could still create a file afterwards.
    await Promise.all(this.#pending);
    for (const thread of this.#threads) thread[Symbol.dispose]();
  }

  /** Hands the batch to the thread with the fewest batches, or writes it if no thread has room. */
  #send(): void {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    const files = this.#batch;
    this.#batch = { paths: [], modes: [], lengths: [] };
    this.#buffer = undefined;
    this.#usedBytes = 0;
    const [first, ...others] = this.#threads;
    const idlest = others.reduce((least, one) => one.load < least.load ? one : least, first!);
    if (idlest.load >= BATCHES_AHEAD) {
      this.#written(buffer, writeBatch(files, buffer));
      return;
    }
    const written = idlest.ask({ order: "write", bytes: buffer, files }).then(
      ({ bytes, failed }) => this.#written(bytes as Uint8Array<ArrayBuffer>, failed),
      (error) => {
        this.#failure ??= error;
      },
    ).finally(() => this.#pending.delete(written));
    this.#pending.add(written);
  }

  #written(buffer: Uint8Array<ArrayBuffer>, failed: FileFailure | undefined): void {
    this.#free.push(buffer);
    if (!failed) return;
    const { path, message, code } = failed;
    this.#failure ??= writeFailed(path, Object.assign(new Error(message), { code }));
  }
}
