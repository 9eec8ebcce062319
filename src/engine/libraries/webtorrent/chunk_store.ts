/**
 * The chunk store that WebTorrent reads and writes through: one file at a path that we chose, whatever
 * names the torrent brings. Positions are absolute, so pieces may come in any order. Adjacent chunks that
 * are asked for in one turn of the event loop are read at once. Writing happens outside the thread, which
 * Deno does for its own files and not for those of `node:fs`.
 *
 * @module
 */

import {
  close,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  open,
  read,
  write as writeAt,
} from "node:fs";

/** Options that reach the store through WebTorrent's `storeOpts`. */
export interface ArchiveStoreOptions {
  /** Absolute path of the file. */
  filePath: string;
  /** Whether it may be created and written; a seeded archive is only ever read. */
  writable: boolean;
  /** Length of the torrent's content in bytes, as WebTorrent passes it. */
  length: number;
  /** Gets the bytes of each chunk that `put` wrote, or could not write, once nobody reads them any more. */
  onWritten?: (bytes: Uint8Array) => void;
}

type Done<T = void> = (error: Error | null, result?: T) => void;

/** Maximum length of one read, in bytes; most reads are for blocks of 16 KiB. */
const MAX_READ_BYTES = 128 * 1024;
/** Bytes that may wait to be written. Above it the thread writes itself, which holds up all peers. */
const MAX_UNWRITTEN_BYTES = 16 * 1024 * 1024;

/** A part of the file to read. */
interface Wanted {
  /** Position in the file, in bytes. */
  start: number;
  length: number;
  done: Done<Uint8Array>;
}

/** An `abstract-chunk-store` over one file. */
export class ArchiveStore {
  readonly chunkLength: number;
  readonly #options: ArchiveStoreOptions;
  #descriptor: Promise<number> | undefined;
  #writer: Promise<FileWriter | undefined> | undefined;
  #unwrittenBytes = 0;
  /** Length of a writable file when it was opened, in bytes. */
  #foundBytes: number | undefined;
  /** End of the last chunk that was put, in bytes. */
  #putBytes = 0;
  #wanted: Wanted[] = [];
  #closed = false;
  /** Number of reads and writes under way. */
  #busy = 0;
  #onIdle: (() => void) | undefined;

  constructor(chunkLength: number, options: ArchiveStoreOptions) {
    this.chunkLength = chunkLength;
    this.#options = options;
  }

  /** Writes the whole chunk `index`. The bytes must not be altered before `done` is called. */
  put(index: number, bytes: Uint8Array, done: Done = () => {}): void {
    const start = index * this.chunkLength;
    this.#putBytes = Math.max(this.#putBytes, start + bytes.length);
    this.#withFile<void>((descriptor, done) => {
      if (this.#unwrittenBytes >= MAX_UNWRITTEN_BYTES) return write(descriptor, start, bytes, done);
      this.#unwrittenBytes += bytes.length;
      const settled: Done = (error) => {
        this.#unwrittenBytes -= bytes.length;
        done(error);
      };
      this.#writer ??= FileWriter.open(this.#options.filePath, descriptor);
      this.#writer.then((writer) => {
        if (writer) writer.write(start, bytes).then(() => settled(null), settled);
        else write(descriptor, start, bytes, settled);
      }, settled);
    }, (error) => {
      done(error);
      this.#options.onWritten?.(bytes);
    });
  }

  /** Reads chunk `index`, or `length` bytes at `offset` of it. */
  get(
    index: number,
    options: { offset?: number; length?: number } | null | Done<Uint8Array>,
    done: Done<Uint8Array> = () => {},
  ): void {
    if (typeof options === "function") return this.get(index, null, options);
    const start = index * this.chunkLength;
    const chunkLength = Math.min(this.chunkLength, this.#options.length - start);
    const offset = options?.offset ?? 0;
    const length = options?.length ?? chunkLength - offset;
    if (chunkLength <= 0 || offset < 0 || length < 0 || offset + length > chunkLength) {
      return queueMicrotask(() => done(new Error(`There is no such part of chunk ${index}`)));
    }
    // A new download asks for each of its chunks. Those beyond the end need no system call.
    const bytes = Math.max(this.#foundBytes ?? Infinity, this.#putBytes);
    if (start + offset >= bytes) {
      return queueMicrotask(() => done(this.#endsTooEarly()));
    }
    this.#wanted.push({ start: start + offset, length, done });
    if (this.#wanted.length === 1) queueMicrotask(() => this.#readWanted());
  }

  #readWanted(): void {
    const wanted = this.#wanted;
    this.#wanted = [];
    for (let from = 0, to = 1; from < wanted.length; from = to++) {
      const { start } = wanted[from]!;
      let end = start + wanted[from]!.length;
      for (; to < wanted.length && wanted[to]!.start === end; to++) {
        if (end + wanted[to]!.length - start > MAX_READ_BYTES) break;
        end += wanted[to]!.length;
      }
      this.#read(start, end - start, wanted.slice(from, to));
    }
  }

  /** Reads adjacent parts of the file at once. */
  #read(start: number, length: number, parts: Wanted[]): void {
    this.#withFile<Uint8Array>((descriptor, done) => {
      const bytes = new Uint8Array(length);
      this.#fill(descriptor, start, bytes, (error) => done(error, bytes));
    }, (error, bytes) => {
      for (const part of parts) {
        const at = part.start - start;
        part.done(error, bytes?.subarray(at, at + part.length));
      }
    });
  }

  /** Fills `target` with the bytes at position `start` of the file. */
  readInto(start: number, target: Uint8Array, done: Done): void {
    this.#withFile<void>(
      (descriptor, done) => this.#fill(descriptor, start, target, done),
      done,
    );
  }

  #fill(descriptor: number, start: number, target: Uint8Array, done: Done): void {
    const step = (from: number) => {
      if (from === target.length) return done(null);
      read(descriptor, target, from, target.length - from, start + from, (error, count) => {
        if (error) return done(error);
        if (count === 0) return done(this.#endsTooEarly());
        step(from + count);
      });
    };
    step(0);
  }

  /** Closes the file after all reads and writes: the number of a closed descriptor may be reused. */
  close(done: Done = () => {}): void {
    if (this.#closed) return queueMicrotask(() => done(new Error("The store is closed")));
    this.#closed = true;
    this.#whenIdle(() => {
      if (!this.#descriptor) return queueMicrotask(() => done(null));
      this.#writer?.then((writer) => writer?.close(), () => {});
      this.#descriptor.then(
        (descriptor) => close(descriptor, (error) => done(error ?? null)),
        () => done(null),
      );
    });
  }

  /** Closes the file and keeps it: the seed directory removes files. */
  destroy(done: Done = () => {}): void {
    this.close(done);
  }

  #endsTooEarly(): Error {
    return new Error(`${this.#options.filePath} ends too early`);
  }

  #withFile<T>(use: (descriptor: number, done: Done<T>) => void, done: Done<T>): void {
    if (this.#closed) return queueMicrotask(() => done(new Error("The store is closed")));
    // Opened at the first use: an idle torrent holds no file descriptor.
    this.#descriptor ??= openSame(this.#options).then((descriptor) => {
      if (this.#options.writable) {
        this.#foundBytes = fstatSync(descriptor).size;
      }
      return descriptor;
    });
    this.#busy++;
    const settled: Done<T> = (error, result) => {
      this.#busy--;
      done(error, result);
      if (this.#busy === 0) this.#onIdle?.();
    };
    this.#descriptor.then((descriptor) => use(descriptor, settled), settled);
  }

  #whenIdle(go: () => void): void {
    if (this.#busy === 0) go();
    else this.#onIdle = go;
  }
}

/** Writes in the thread. */
function write(descriptor: number, start: number, bytes: Uint8Array, done: Done): void {
  const step = (from: number) => {
    writeAt(descriptor, bytes, from, bytes.length - from, start + from, (error, written) => {
      if (error) return done(error);
      if (from + written < bytes.length) return step(from + written);
      done(null);
    });
  };
  step(0);
}

/** Writes a file outside the thread, one chunk after the other. */
class FileWriter {
  readonly #file: Deno.FsFile;
  #last: Promise<void> = Promise.resolve();

  /** @returns `undefined` if the path leads to another file than the descriptor, or may do so */
  static async open(path: string, descriptor: number): Promise<FileWriter | undefined> {
    const file = await Deno.open(path, { write: true });
    const { ino, dev } = await file.stat();
    const same = fstatSync(descriptor);
    if (ino === same.ino && dev === same.dev) return new FileWriter(file);
    file.close();
    return undefined;
  }

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  write(start: number, bytes: Uint8Array): Promise<void> {
    const writing = this.#last.then(async () => {
      this.#file.seekSync(start, Deno.SeekMode.Start);
      for (let at = 0; at < bytes.length;) at += await this.#file.write(bytes.subarray(at));
    });
    this.#last = writing.catch(() => {});
    return writing;
  }

  close(): void {
    this.#file.close();
  }
}

/**
 * Opens the regular file at a path and nothing else. Deno follows links itself in spite of O_NOFOLLOW,
 * unless the process has all permissions, and a link leads out of the sandbox. So the opened file is
 * compared with the file at the path.
 */
function openSame({ filePath, writable, length }: ArchiveStoreOptions): Promise<number> {
  const flags = writable ? constants.O_RDWR | constants.O_CREAT : constants.O_RDONLY;
  return new Promise((resolve, reject) => {
    // Checked first, because O_CREAT would make a file at the far end of a link.
    const before = lstatSync(filePath, { throwIfNoEntry: false });
    if (before && !before.isFile()) return reject(notTheFile(filePath));
    open(filePath, flags | (constants.O_NOFOLLOW ?? 0), 0o644, (error, descriptor) => {
      if (error) return reject(error);
      try {
        const opened = fstatSync(descriptor);
        const there = lstatSync(filePath);
        if (there.isFile() && there.ino === opened.ino && there.dev === opened.dev) {
          // An earlier file at the path may have been longer.
          if (writable && opened.size > length) ftruncateSync(descriptor, length);
          return resolve(descriptor);
        }
        closeSync(descriptor);
        reject(notTheFile(filePath));
      } catch (cause) {
        closeSync(descriptor);
        reject(cause);
      }
    });
  });
}

function notTheFile(filePath: string): Error {
  return new Error(`${filePath} is a link or no regular file`);
}
