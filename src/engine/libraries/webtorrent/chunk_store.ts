/**
 * The chunk store through which WebTorrent reads and writes a torrent's content. It uses one file
 * at a path that libreseed chose, and ignores the file names in the torrent. Chunks are written at
 * absolute positions, so pieces may arrive in any order. Adjacent chunks requested in one turn of
 * the event loop are read with one read.
 *
 * Chunks are written on this thread, which is a copy into the system's cache. Deno's other threads
 * report a write only at the next turn of the event loop, and a fast peer's bytes fill a turn: 8 MiB or
 * more wait for each report, and use more memory and processor time than the copy. For the same reason
 * short reads are done on this thread, as long as the system has the bytes in its cache.
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
  readSync,
  writeSync,
} from "node:fs";
import { setImmediate } from "node:timers";

/** Options that WebTorrent passes to the chunk store; all but `length` come from `storeOpts`. */
export interface ArchiveStoreOptions {
  /** Absolute path of the file that holds the content. */
  filePath: string;
  /** Whether the file may be created and written. `false` for a seeded archive. */
  writable: boolean;
  /** Length of the torrent's content, in bytes. */
  length: number;
  /**
   * Called with the bytes of each chunk after `put` has written them or has failed. Nothing reads
   * the bytes any more, so their memory may be reused.
   */
  onWritten?: (bytes: Uint8Array) => void;
}

type Done<T = void> = (error: Error | null, result?: T) => void;

/** Maximum length of one read, in bytes. Most reads are for blocks of 16 KiB. */
const MAX_READ_BYTES = 128 * 1024;
/**
 * Maximum length in bytes of a read on this thread. A copy of 32 KiB from the system's cache takes some 5
 * µs; having another thread read them takes 40.
 */
const MAX_READ_HERE_BYTES = 64 * 1024;
/** Duration of a read above which the bytes came from the disk, in milliseconds. */
const CACHED_MS = 1;
/**
 * Number of reads on other threads after one from the disk. A slow disk thus blocks the network for one read
 * in 33.
 */
const READS_ELSEWHERE = 32;

/** A part of the file that is requested and waits to be read. */
interface Wanted {
  /** Position of the part in the file, in bytes. */
  start: number;
  length: number;
  done: Done<Uint8Array>;
}

/** A chunk store (interface `abstract-chunk-store`) over one file. */
export class ArchiveStore {
  readonly chunkLength: number;
  readonly #options: ArchiveStoreOptions;
  #descriptor: Promise<number> | undefined;
  /** Length that a writable file had when the store opened it, in bytes. */
  #foundBytes: number | undefined;
  /** Highest position, in bytes, up to which `put` was asked to write, or `readInto` has read. */
  #endBytes = 0;
  #wanted: Wanted[] = [];
  #closed = false;
  /** Number of the next reads that are done on other threads. */
  #readsElsewhere = 1;
  /** Number of reads and writes in progress. */
  #busy = 0;
  #onIdle: (() => void) | undefined;

  constructor(chunkLength: number, options: ArchiveStoreOptions) {
    this.chunkLength = chunkLength;
    this.#options = options;
  }

  /**
   * Writes the chunk with the number `index`. The caller must not alter the bytes before `done` is
   * called. `done` is not called before `put` has returned.
   */
  put(index: number, bytes: Uint8Array, done: Done = () => {}): void {
    const start = index * this.chunkLength;
    this.#endBytes = Math.max(this.#endBytes, start + bytes.length);
    this.#withFile<void>((descriptor, done) => {
      let failure: Error | null = null;
      try {
        write(descriptor, start, bytes);
      } catch (error) {
        failure = error as Error;
      }
      done(failure);
    }, (error) => {
      done(error);
      this.#options.onWritten?.(bytes);
    });
  }

  /** Reads the chunk with the number `index`, or only `length` bytes from its byte `offset` on. */
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
    // Chunks beyond the end of a growing file fail here, without a system call.
    const bytes = Math.max(this.#foundBytes ?? Infinity, this.#endBytes);
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

  /**
   * Reads the bytes of several adjacent parts with one read, then passes each part to its caller.
   */
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

  /**
   * Returns the length of the file in bytes, when the store opened it. Opens the file, and makes it if the
   * store may write.
   */
  foundBytes(): Promise<number> {
    return new Promise((resolve, reject) =>
      this.#withFile<number>(
        (descriptor, done) => done(null, this.#foundBytes ?? fstatSync(descriptor).size),
        (error, bytes) => error ? reject(error) : resolve(bytes!),
      )
    );
  }

  /** Fills `target` with bytes of the file, from position `start` on. */
  readInto(start: number, target: Uint8Array, done: Done): void {
    this.#withFile<void>(
      (descriptor, done) => this.#fill(descriptor, start, target, done),
      (error) => {
        // Another descriptor may have made the file longer.
        if (!error) this.#endBytes = Math.max(this.#endBytes, start + target.length);
        done(error);
      },
    );
  }

  #fill(descriptor: number, start: number, target: Uint8Array, done: Done): void {
    // At the next turn of the event loop: otherwise the peer that is served asks for more at once, and the
    // others wait.
    if (this.#readHere(descriptor, start, target)) return void setImmediate(() => done(null));
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

  /**
   * Fills `target` on this thread if it is short, and the last such reads were fast. Returns whether it is
   * filled.
   */
  #readHere(descriptor: number, start: number, target: Uint8Array): boolean {
    if (target.length > MAX_READ_HERE_BYTES) return false;
    if (this.#readsElsewhere > 0) {
      this.#readsElsewhere--;
      return false;
    }
    const begun = performance.now();
    try {
      return readSync(descriptor, target, 0, target.length, start) === target.length;
    } catch {
      // The same read on another thread reports the error.
      return false;
    } finally {
      if (performance.now() - begun > CACHED_MS) this.#readsElsewhere = READS_ELSEWHERE;
    }
  }

  /**
   * Closes the file once all reads and writes have ended. Closing earlier would be unsafe: the
   * system may give the number of a closed descriptor to another file.
   */
  close(done: Done = () => {}): void {
    if (this.#closed) return queueMicrotask(() => done(new Error("The store is closed")));
    this.#closed = true;
    this.#whenIdle(() => {
      if (!this.#descriptor) return queueMicrotask(() => done(null));
      this.#descriptor.then(
        (descriptor) => close(descriptor, (error) => done(error ?? null)),
        () => done(null),
      );
    });
  }

  /** Closes the file but does not delete it, because only the seed directory deletes files. */
  destroy(done: Done = () => {}): void {
    this.close(done);
  }

  #endsTooEarly(): Error {
    return new Error(`${this.#options.filePath} ends too early`);
  }

  #withFile<T>(use: (descriptor: number, done: Done<T>) => void, done: Done<T>): void {
    if (this.#closed) return queueMicrotask(() => done(new Error("The store is closed")));
    // The file is opened at the first read or write, so that an idle torrent holds no file
    // descriptor.
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

/** Writes bytes to the file at position `start`. */
function write(descriptor: number, start: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    at += writeSync(descriptor, bytes, at, bytes.length - at, start + at);
  }
}

/**
 * Opens the file at a path, only if it is a regular file with one name. A symbolic link could lead
 * out of the sandbox, and Deno follows links in spite of O_NOFOLLOW unless it runs with all
 * permissions. So the opened file must be the same (device and inode) as the one at the path. A
 * hard link could be the name of a file that lies outside of the sandbox, so the opened file is
 * asked how many names it has.
 */
function openSame({ filePath, writable, length }: ArchiveStoreOptions): Promise<number> {
  const flags = writable ? constants.O_RDWR | constants.O_CREAT : constants.O_RDONLY;
  return new Promise((resolve, reject) => {
    // A link is refused before opening, because O_CREAT would create the file that the link points
    // to.
    const before = lstatSync(filePath, { throwIfNoEntry: false });
    if (before && !before.isFile()) return reject(notTheFile(filePath));
    open(filePath, flags | (constants.O_NOFOLLOW ?? 0), 0o644, (error, descriptor) => {
      if (error) return reject(error);
      try {
        const opened = fstatSync(descriptor);
        const there = lstatSync(filePath);
        const isThere = there.isFile() && there.ino === opened.ino && there.dev === opened.dev;
        if (isThere && opened.nlink <= 1) {
          // Cuts off the end of an earlier, longer file at this path.
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
  return new Error(`${filePath} is a link, has more than one name, or is no regular file`);
}
