/** An open file with the methods of Deno's that the library uses, for Node.js. */

import * as fs from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { infoOf } from "./info_in_node.ts";

/** Options of opening a file, as of `Deno.open`. */
export interface OpenOptions {
  read?: boolean;
  write?: boolean;
  append?: boolean;
  truncate?: boolean;
  create?: boolean;
  createNew?: boolean;
  mode?: number;
}

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = fs.constants;

/** Translates the options to the flags of POSIX. */
function flagsOf(options: OpenOptions): number {
  const { read = true, write = false, append = false, truncate, create, createNew } = options;
  const isWriting = write || append;
  let flags = !isWriting ? O_RDONLY : options.read && read ? O_RDWR : O_WRONLY;
  if (append) flags |= O_APPEND;
  if (truncate) flags |= O_TRUNC;
  if (create) flags |= O_CREAT;
  if (createNew) flags |= O_CREAT | O_EXCL;
  return flags;
}

/** Opens a file. */
export async function openFile(path: string, options: OpenOptions = {}): Promise<FsFile> {
  const handle = await open(path, flagsOf(options), options.mode);
  return new FsFile(handle.fd, handle);
}

/** Opens a file, synchronously. */
export function openFileSync(path: string, options: OpenOptions = {}): FsFile {
  return new FsFile(fs.openSync(path, flagsOf(options), options.mode));
}

/**
 * An open file. It counts its position itself, because Node.js cannot move that of the system; so two
 * calls must not run at the same time, as nobody in the library does.
 */
export class FsFile {
  readonly #fd: number;
  readonly #handle: FileHandle | undefined;
  #at = 0;
  #isClosed = false;

  constructor(fd: number, handle?: FileHandle) {
    this.#fd = fd;
    this.#handle = handle;
  }

  /** Reads up to the buffer's length. Returns the number of bytes; `null` at the end. */
  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#handle === undefined) return this.readSync(buffer);
    if (buffer.length === 0) return 0;
    return this.#moved((await this.#handle.read(buffer, 0, buffer.length, this.#at)).bytesRead);
  }

  readSync(buffer: Uint8Array): number | null {
    if (buffer.length === 0) return 0;
    return this.#moved(fs.readSync(this.#fd, buffer, 0, buffer.length, this.#at));
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (this.#handle === undefined) return this.writeSync(bytes);
    const { bytesWritten } = await this.#handle.write(bytes, 0, bytes.length, this.#at);
    this.#at += bytesWritten;
    return bytesWritten;
  }

  writeSync(bytes: Uint8Array): number {
    const written = fs.writeSync(this.#fd, bytes, 0, bytes.length, this.#at);
    this.#at += written;
    return written;
  }

  /** Sets the position, in bytes from the start, which is the only origin that the library uses. */
  // deno-lint-ignore require-await -- Deno's method is asynchronous
  async seek(offset: number, _whence: 0): Promise<number> {
    return this.#at = offset;
  }

  seekSync(offset: number, _whence: 0): number {
    return this.#at = offset;
  }

  async stat() {
    return infoOf(this.#handle ? await this.#handle.stat() : fs.fstatSync(this.#fd));
  }

  statSync() {
    return infoOf(fs.fstatSync(this.#fd));
  }

  async sync(): Promise<void> {
    await (this.#handle ? this.#handle.sync() : fs.fsyncSync(this.#fd));
  }

  syncSync(): void {
    fs.fsyncSync(this.#fd);
  }

  async truncate(lengthBytes = 0): Promise<void> {
    await (this.#handle
      ? this.#handle.truncate(lengthBytes)
      : fs.ftruncateSync(this.#fd, lengthBytes));
  }

  /** Rejects: Node.js has no locks on files. Callers go on without one, as on file systems without locks. */
  lock(_exclusive?: boolean): Promise<void> {
    return Promise.reject(new Error("Node.js cannot lock files"));
  }

  /** Closes the file; a second call does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // The handle closes in the background, as nobody waits for the end of reading.
    if (this.#handle) this.#handle.close().catch(() => {});
    else fs.closeSync(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Moves the position by what was read; 0 bytes are the end. */
  #moved(bytes: number): number | null {
    this.#at += bytes;
    return bytes === 0 ? null : bytes;
  }
}
