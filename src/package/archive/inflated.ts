/**
 * Inflates the tar of an archive on demand, chunk by chunk, and checks each chunk against the
 * limits before it is used. `tar_reader.ts` parses the entries.
 *
 * @module
 */

import { createGunzip, type Gunzip } from "node:zlib";
import { messageOf, pause } from "../../base/mod.ts";
import { type PackageError, verificationError } from "../errors.ts";
import { type ArchiveLimits, RATIO_FREE_BYTES } from "../paths/mod.ts";
import { release } from "./gzip_member.ts";

const INFLATED_CHUNK_BYTES = 256 * 1024;

/** The archive to inflate, and the limits that its tar must not exceed. */
export interface TarSource {
  /**
   * The archive's compressed bytes. A chunk is not used any more once the next one is requested.
   */
  chunks: AsyncIterable<Uint8Array>;
  lengthBytes: number;
  limits: ArchiveLimits;
  signal?: AbortSignal;
  /**
   * Returns the expected path of the next file, if known. Called once for each file. The expected
   * path is only an optimization: a file with another path is read as well.
   */
  nextPath?: () => string | undefined;
  /**
   * Whether a chunk is requested only when the bytes of all chunks before it are used up, for chunks that
   * are costly to get. By default chunks are requested while inflated bytes are still being read.
   */
  isLazy?: boolean;
  /** Number of leading bytes of tar before the first entry, which are not read. Default: none. */
  skippedBytes?: number;
}

/** The inflated bytes of a tar, read sequentially. */
export class Inflated implements AsyncDisposable {
  /** Number of bytes of tar inflated so far. */
  tarBytes = 0;
  readonly #source: TarSource;
  readonly #gunzip: Gunzip;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #inflating: Promise<void>;
  #chunk: Uint8Array = new Uint8Array();
  #at = 0;

  constructor(source: TarSource) {
    this.#source = source;
    this.#gunzip = createGunzip({ chunkSize: INFLATED_CHUNK_BYTES });
    if (source.isLazy) {
      this.#inflating = Promise.resolve();
      this.#chunks = inflateLazily(source.chunks, this.#gunzip);
    } else {
      this.#inflating = inflate(source.chunks, this.#gunzip);
      this.#chunks = (this.#gunzip as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    }
  }

  /**
   * Returns the next `lengthBytes` bytes if all are in memory, and `undefined` otherwise. The bytes
   * are valid until the next bytes are taken.
   */
  takeNow(lengthBytes: number): Uint8Array | undefined {
    const end = this.#at + lengthBytes;
    if (end > this.#chunk.length) return undefined;
    const bytes = this.#chunk.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  /** Leaves out the next bytes. Throws if the tar ends earlier. */
  async skip(lengthBytes: number): Promise<void> {
    for (let left = lengthBytes; left > 0;) left -= (await this.takeSome(left)).length;
  }

  /** Returns the next `lengthBytes` bytes. Throws if the tar ends earlier. */
  async take(lengthBytes: number): Promise<Uint8Array> {
    const now = this.takeNow(lengthBytes);
    if (now !== undefined) return now;
    const bytes = new Uint8Array(lengthBytes);
    for (let at = 0; at < lengthBytes;) {
      const part = await this.takeSome(lengthBytes - at);
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  /**
   * Returns at least one and at most `maxBytes` bytes that are in memory; waits if there are none.
   */
  async takeSome(maxBytes: number): Promise<Uint8Array> {
    if (this.#at === this.#chunk.length && !await this.#more()) throw damaged("it is cut short");
    return this.takeNow(Math.min(maxBytes, this.#chunk.length - this.#at))!;
  }

  /** Throws if the archive has more bytes than were taken. */
  async end(): Promise<void> {
    if (this.#at < this.#chunk.length || await this.#more()) {
      throw damaged("something comes after the end of its tar");
    }
    await this.#inflating;
    // zlib ignores zeros after the last gzip member, so such zeros are detected by comparing the
    // number of bytes that zlib consumed with the archive's length.
    if (this.#gunzip.bytesWritten !== this.#source.lengthBytes) {
      throw damaged("something comes after the end of its gzip stream");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gunzip.destroy();
    await this.#inflating;
    if (this.#source.isLazy) await this.#chunks.return?.();
  }

  /** Waits for the next inflated chunk. Returns false at the end. */
  async #more(): Promise<boolean> {
    const { signal } = this.#source;
    signal?.throwIfAborted();
    free(this.#chunk);
    this.#chunk = new Uint8Array();
    this.#at = 0;
    let next: IteratorResult<Uint8Array>;
    try {
      next = await this.#chunks.next();
    } catch (cause) {
      signal?.throwIfAborted();
      throw cause instanceof SourceFailed ? cause.cause : damaged(messageOf(cause), cause);
    }
    // Yield to the event loop here, because inflating a chunk does not yield.
    await pause();
    signal?.throwIfAborted();
    if (next.done) return false;
    const { buffer, byteOffset, length } = next.value;
    // `subarray()` of a Node Buffer takes four times as long as that of a Uint8Array, so the chunk
    // becomes a Uint8Array.
    this.#chunk = new Uint8Array(buffer, byteOffset, length);
    this.tarBytes += length;
    this.#checkLimits();
    return true;
  }

  #checkLimits(): void {
    const { limits, lengthBytes } = this.#source;
    if (this.tarBytes > limits.maxUnpackedBytes) {
      const message = `The archive unpacks to more than ${limits.maxUnpackedBytes} bytes.`;
      throw verificationError("archive-limits", "UNPACKED_TOO_LARGE", message);
    }
    if (this.tarBytes > RATIO_FREE_BYTES && this.tarBytes > lengthBytes * limits.maxRatio) {
      const message = `The archive unpacks to more than ${limits.maxRatio} times its length.`;
      throw verificationError("archive-limits", "RATIO_TOO_HIGH", message);
    }
  }
}

/**
 * Frees the memory of a chunk that is no longer used. Chunks are large but few, so garbage
 * collection alone would keep much of the inflated tar in memory.
 */
function free({ buffer, byteOffset, byteLength }: Uint8Array): void {
  // zlib writes its next output behind this chunk in the same buffer, so the buffer is freed only
  // with its last chunk.
  if (byteOffset + byteLength === buffer.byteLength) release(new Uint8Array(buffer));
}

/**
 * An error while reading the archive's bytes. Unlike an error of inflating, this error does not
 * mean that the archive is damaged.
 */
class SourceFailed extends Error {}

/**
 * Passes each chunk to the inflater after the inflater has finished the previous chunk. Errors are
 * thrown where the inflated bytes are read.
 */
async function inflate(chunks: AsyncIterable<Uint8Array>, gunzip: Gunzip): Promise<void> {
  let wake = () => {};
  gunzip.on("close", () => wake());
  try {
    for await (const chunk of chunks) {
      const inflated = new Promise<void>((resolve) => wake = resolve);
      gunzip.write(chunk, () => wake());
      await inflated;
      if (gunzip.destroyed) return;
    }
    gunzip.end();
  } catch (cause) {
    gunzip.destroy(new SourceFailed(messageOf(cause), { cause }));
  }
}

/**
 * Inflates chunks one after the other. The next chunk is requested when all inflated bytes of the chunks
 * before have been yielded and more are wanted.
 */
async function* inflateLazily(
  chunks: AsyncIterable<Uint8Array>,
  gunzip: Gunzip,
): AsyncGenerator<Uint8Array> {
  let failure: Error | undefined;
  let wake = () => {};
  gunzip.on("error", (error) => failure = error);
  for (const event of ["readable", "error", "close", "end"]) gunzip.on(event, () => wake());
  /** Yields what is inflated, until zlib has used up its input or has ended. */
  async function* drain(isUsedUp: () => boolean): AsyncGenerator<Uint8Array> {
    for (;;) {
      const event = new Promise<void>((resolve) => wake = resolve);
      // All output of a chunk is there before zlib says that the chunk is used up.
      const wasUsedUp = isUsedUp();
      for (let part = gunzip.read(); part !== null; part = gunzip.read()) yield part;
      if (failure) throw failure;
      if (wasUsedUp || gunzip.destroyed) return;
      await event;
    }
  }
  try {
    for await (const chunk of chunks) {
      let usedUp = false;
      gunzip.write(chunk, () => {
        usedUp = true;
        wake();
      });
      yield* drain(() => usedUp);
      if (gunzip.destroyed) return;
    }
  } catch (cause) {
    throw cause === failure ? cause : new SourceFailed(messageOf(cause), { cause });
  }
  gunzip.end();
  yield* drain(() => gunzip.readableEnded);
}

/**
 * Makes an `ARCHIVE_DAMAGED` error.
 *
 * @param why the reason, without a full stop
 */
export function damaged(why: string, cause?: unknown): PackageError {
  const message = `The archive is damaged: ${why}.`;
  return verificationError("archive-limits", "ARCHIVE_DAMAGED", message, { cause });
}
