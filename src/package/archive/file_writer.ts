/**
 * Writes new files from start to end, and flushes them to the disk.
 *
 * @module
 */

import type { FileMark } from "./file_mark.ts";
import { writeFailed } from "./temporaries.ts";

/**
 * Maximum length of one write call in bytes. For longer writes Linux allocates pages of up to 2
 * MiB, which a virtual machine may have to request from its host. That took four times as long as
 * the writing itself.
 */
export const WRITE_BYTES = 128 * 1024;
/** Number of unflushed bytes after which a flush begins in the background. */
const FLUSH_BYTES = 64 * 1024 * 1024;

/** A new file that is written sequentially. Its errors are `WRITE_FAILED` or `DISK_FULL`. */
export class FileWriter implements Disposable {
  readonly path: string;
  readonly #file: Deno.FsFile;
  readonly #isKept: boolean;
  #unflushedBytes = 0;
  #flushing: Promise<void> | undefined;
  #flushFailure: unknown;

  private constructor(path: string, file: Deno.FsFile, isKept: boolean) {
    this.path = path;
    this.#file = file;
    this.#isKept = isKept;
  }

  /**
   * Creates the file, and fails if the path exists.
   *
   * @param options `mode` defaults to 0644, reduced by the umask. `isKept` declares that the caller
   * will flush the file at the end, so that flushing may begin while the file is written
   */
  static async create(
    path: string,
    { mode = 0o644, isKept = false }: { mode?: number; isKept?: boolean } = {},
  ): Promise<FileWriter> {
    try {
      const file = await Deno.open(path, { write: true, createNew: true, mode });
      return new FileWriter(path, file, isKept);
    } catch (cause) {
      throw writeFailed(path, cause);
    }
  }

  /**
   * Writes the next bytes. If the file is kept and long, a flush runs in the background meanwhile.
   */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.#file.write(bytes.subarray(at, at + WRITE_BYTES));
      }
    } catch (cause) {
      throw writeFailed(this.path, cause);
    }
    this.written(bytes.length);
  }

  /**
   * Records that another thread has written bytes to the file, so that these bytes are flushed too.
   */
  written(lengthBytes: number): void {
    this.#unflushedBytes += lengthBytes;
    if (this.#unflushedBytes >= FLUSH_BYTES && this.#isKept && !this.#flushing) this.#flush();
  }

  /** Returns the mark that identifies the file and its state. */
  async mark(): Promise<FileMark> {
    const { dev, ino, size, mtime, ctime } = await this.#file.stat();
    return { dev, ino, size, mtime, ctime };
  }

  /** Flushes the file to the disk. */
  async sync(): Promise<void> {
    await this.#flushing;
    try {
      if (this.#flushFailure !== undefined) throw this.#flushFailure;
      await this.#file.sync();
    } catch (cause) {
      throw writeFailed(this.path, cause);
    }
  }

  #flush(): void {
    this.#unflushedBytes = 0;
    // On Windows no background flush runs: the second handle that a flush uses would prevent the
    // removal of the file after a failure.
    if (Deno.build.os === "windows") return;
    const flush = async () => {
      // The flush uses a second handle, because operations on one handle wait for each other.
      const file = await Deno.open(this.path);
      try {
        await file.syncData();
      } finally {
        file.close();
      }
    };
    this.#flushing = flush()
      .catch((cause) => this.#flushFailure ??= cause)
      .finally(() => this.#flushing = undefined);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Writes a new file and flushes it to the disk. */
export async function writeNewFile(path: string, bytes: Uint8Array): Promise<void> {
  using file = await FileWriter.create(path);
  await file.write(bytes);
  await file.sync();
}
