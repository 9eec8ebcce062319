/**
 * The chunk store that WebTorrent reads and writes through: one file at a path that we chose,
 * whatever names the torrent brings. Positions are absolute, so pieces may come in any order.
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
  write,
} from "node:fs";

/** Options that reach the store through WebTorrent's `storeOpts`. */
export interface ArchiveStoreOptions {
  /** Absolute path of the file. */
  filePath: string;
  /** Whether it may be created and written; a seeded archive is only ever read. */
  writable: boolean;
  /** Length of the torrent's content in bytes, as WebTorrent passes it. */
  length: number;
}

type Done<T = void> = (error: Error | null, result?: T) => void;

/** An `abstract-chunk-store` over one file. */
export class ArchiveStore {
  readonly chunkLength: number;
  readonly #options: ArchiveStoreOptions;
  #descriptor: Promise<number> | undefined;
  #closed = false;
  /** Reads and writes under way. */
  #busy = 0;
  #onIdle: (() => void) | undefined;

  constructor(chunkLength: number, options: ArchiveStoreOptions) {
    this.chunkLength = chunkLength;
    this.#options = options;
  }

  /** Writes the whole chunk `index`. */
  put(index: number, bytes: Uint8Array, done: Done = () => {}): void {
    this.#withFile<void>((descriptor, done) => {
      const start = index * this.chunkLength;
      const step = (from: number) => {
        write(descriptor, bytes, from, bytes.length - from, start + from, (error, written) => {
          if (error) return done(error);
          if (from + written < bytes.length) return step(from + written);
          done(null);
        });
      };
      step(0);
    }, done);
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
    this.#withFile<Uint8Array>((descriptor, done) => {
      const bytes = new Uint8Array(length);
      const step = (from: number) => {
        if (from === length) return done(null, bytes);
        read(descriptor, bytes, from, length - from, start + offset + from, (error, count) => {
          if (error) return done(error);
          if (count === 0) return done(new Error(`${this.#options.filePath} ends too early`));
          step(from + count);
        });
      };
      step(0);
    }, done);
  }

  /** Closes the file, once what is being read and written is done: its number may get a new owner. */
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

  /** Closes the file. It stays: files are the seed directory's business. */
  destroy(done: Done = () => {}): void {
    this.close(done);
  }

  #withFile<T>(use: (descriptor: number, done: Done<T>) => void, done: Done<T>): void {
    if (this.#closed) return queueMicrotask(() => done(new Error("The store is closed")));
    // Opened at the first use: an idle torrent holds no file descriptor.
    this.#descriptor ??= openSame(this.#options);
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

/**
 * Opens the regular file at a path and nothing else. Deno follows links itself, O_NOFOLLOW or not,
 * unless the process has all permissions, and a link leads out of the sandbox; so what was opened is
 * compared with what lies at the path.
 */
function openSame({ filePath, writable, length }: ArchiveStoreOptions): Promise<number> {
  const flags = writable ? constants.O_RDWR | constants.O_CREAT : constants.O_RDONLY;
  return new Promise((resolve, reject) => {
    // Before O_CREAT makes a file at the far end of a link.
    const before = lstatSync(filePath, { throwIfNoEntry: false });
    if (before && !before.isFile()) return reject(notTheFile(filePath));
    open(filePath, flags | (constants.O_NOFOLLOW ?? 0), 0o644, (error, descriptor) => {
      if (error) return reject(error);
      try {
        const opened = fstatSync(descriptor);
        const there = lstatSync(filePath);
        if (there.isFile() && there.ino === opened.ino && there.dev === opened.dev) {
          // Something longer was there before.
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
