/**
 * Reading and writing files whole: in chunks, by way of temporary names, flushed to the disk.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { isDiskFull } from "../../base/mod.ts";
import { messageOf, PackageError } from "../errors.ts";

/** How much is read at a time. */
export const CHUNK_BYTES = 1024 * 1024;
/**
 * How much is written in one call. Linux takes pages of up to 2 MiB for what is written at once, which a
 * virtual machine may have to get from its host first: that took four times as long as the writing.
 */
export const WRITE_BYTES = 128 * 1024;
/** How much may be written before the disk begins with it. */
const FLUSH_BYTES = 64 * 1024 * 1024;

/** What the names of all temporaries begin with, those of other folders too. */
const TEMPORARY_PREFIX = ".tmp-";
const TEMPORARY_NAME = /^\.tmp-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a file name is one of {@linkcode Temporaries}, left by a process that was killed. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY_NAME.test(name);
}

/**
 * Temporary names in one directory, all beginning with `.tmp-`. What has not been moved into place
 * when it is disposed of is removed: `await using temporaries = new Temporaries(directory)`.
 */
export class Temporaries {
  readonly #directory: string;
  readonly #paths = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** A new name; nothing is made yet. */
  path(): string {
    const path = join(this.#directory, `.tmp-${randomUUID()}`);
    this.#paths.add(path);
    return path;
  }

  /** Renames, which replaces a file that is there. The directory still has to be flushed. */
  async moveIntoPlace(temporary: string, path: string): Promise<void> {
    await Deno.rename(temporary, path).catch((cause) => {
      throw writeFailed(path, cause);
    });
    this.#paths.delete(temporary);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of this.#paths) {
      await Deno.remove(path, { recursive: true }).catch(() => {});
    }
  }
}

/** A new file that is written from its start to its end. Errors are `WRITE_FAILED`. */
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
   * Fails if there is something at the path.
   *
   * @param options `mode` is 0644 unless given, less the umask; `isKept` says that it will be flushed
   * in the end, so that the disk may begin with it now
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

  /** Writes the next bytes. Of a long file that is kept, the disk has most when all are written. */
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

  /** So many bytes more are in the file, if others write to it too. */
  written(lengthBytes: number): void {
    this.#unflushedBytes += lengthBytes;
    if (this.#unflushedBytes >= FLUSH_BYTES && this.#isKept && !this.#flushing) this.#flush();
  }

  /** What tells the file from others. */
  async mark(): Promise<FileMark> {
    const { dev, ino, size, mtime, ctime } = await this.#file.stat();
    return { dev, ino, size, mtime, ctime };
  }

  /** Flushes to the disk. */
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
    // Windows removes no file that is open, and this one may have to be.
    if (Deno.build.os === "windows") return;
    const flush = async () => {
      // Opened again: calls on one open file wait for each other.
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

/** Writes a new file and flushes it. */
export async function writeNewFile(path: string, bytes: Uint8Array): Promise<void> {
  using file = await FileWriter.create(path);
  await file.write(bytes);
  await file.sync();
}

/** Flushes a directory, so that what was renamed in it survives a power cut. Windows cannot. */
export async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  const directory = await Deno.open(path);
  try {
    await directory.sync();
  } finally {
    directory.close();
  }
}

/**
 * The file from where it stands to its end. A chunk is valid until the next one is asked for: its
 * buffer is used again. While it is looked at, the next one is read.
 *
 * @param nextBuffer gives each chunk a buffer of its own instead, which is the receiver's
 */
export async function* readChunks(
  file: Deno.FsFile,
  signal?: AbortSignal,
  nextBuffer: () => Uint8Array | Promise<Uint8Array> = buffersInTurn(),
): AsyncGenerator<Uint8Array> {
  const read = async () => {
    const buffer = await nextBuffer();
    const length = await file.read(buffer);
    return length === null ? undefined : buffer.subarray(0, length);
  };
  let next = read();
  try {
    for (;;) {
      signal?.throwIfAborted();
      const chunk = await next;
      if (chunk === undefined) return;
      next = read();
      // Heard when it is its turn, or not at all.
      next.catch(() => {});
      yield chunk;
    }
  } finally {
    // Whoever reads may close the file now.
    await next.catch(() => {});
  }
}

function buffersInTurn(): () => Uint8Array {
  const buffers = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)];
  let at = 0;
  return () => buffers[at++ & 1]!;
}

/** What tells a file from another, or an altered one. */
export type FileMark = Pick<Deno.FileInfo, "dev" | "ino" | "size" | "mtime" | "ctime">;

/** Whether both are of the same file, not altered between them as far as the file system tells. */
export function isSameFile(a: FileMark, b: FileMark): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size &&
    a.mtime?.getTime() === b.mtime?.getTime() && a.ctime?.getTime() === b.ctime?.getTime();
}

/** A file was altered while it was read. */
export function fileChanged(path: string): PackageError {
  return new PackageError(
    "failed",
    "FILE_CHANGED",
    `${path} was changed while it was read. Try again when nothing writes to it.`,
    { detail: { path } },
  );
}

/** A system error on writing, as this folder's. */
export function writeFailed(path: string, cause: unknown): PackageError {
  const where = withoutTemporary(path);
  if (isDiskFull(cause)) {
    const message = `No space left to write ${where}. Free some space and try again.`;
    return new PackageError("failed", "DISK_FULL", message, { cause, detail: { path: where } });
  }
  return new PackageError(
    "failed",
    "WRITE_FAILED",
    `${where} cannot be written: ${messageOf(cause)}`,
    { cause, detail: { path } },
  );
}

/**
 * The directory of a temporary file or directory, or of what is in one: their names tell nobody
 * anything. Other paths come back as they are.
 */
export function withoutTemporary(path: string): string {
  for (let at = path; dirname(at) !== at; at = dirname(at)) {
    if (basename(at).startsWith(TEMPORARY_PREFIX)) return dirname(at);
  }
  return path;
}
