/**
 * The tar inside an archive, inflated piece by piece as it is asked for and held to the limits before
 * anything is made of it. What it means is `tar_reader.ts`'s business.
 *
 * @module
 */

import { createGunzip, type Gunzip } from "node:zlib";
import { pause } from "../../base/mod.ts";
import { messageOf, type PackageError, verificationError } from "../errors.ts";
import { type ArchiveLimits, RATIO_FREE_BYTES } from "../paths/mod.ts";
import { release } from "./gzip_member.ts";

const INFLATED_CHUNK_BYTES = 256 * 1024;

/** The archive to read. */
export interface TarSource {
  /** The archive's bytes. A chunk is not looked at any more when the next one is asked for. */
  chunks: AsyncIterable<Uint8Array>;
  lengthBytes: number;
  limits: ArchiveLimits;
  signal?: AbortSignal;
  /**
   * The path that the next file should have, if that is known; asked for once for each file. It only
   * saves time: a file with another path is read as well.
   */
  nextPath?: () => string | undefined;
}

/** The bytes of a tar, in their order. */
export class Inflated implements AsyncDisposable {
  /** Bytes of tar so far, those counted that nobody has taken yet. */
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
    this.#inflating = inflate(source.chunks, this.#gunzip);
    this.#chunks = (this.#gunzip as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  }

  /**
   * The next bytes, if all of them are in memory; else nothing is taken. Valid until the next bytes are
   * taken.
   */
  takeNow(lengthBytes: number): Uint8Array | undefined {
    const end = this.#at + lengthBytes;
    if (end > this.#chunk.length) return undefined;
    const bytes = this.#chunk.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  /** The next bytes, `lengthBytes` of them. Refuses a tar that ends before. */
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

  /** The next bytes that are in memory, at least one and at most so many. */
  async takeSome(maxBytes: number): Promise<Uint8Array> {
    if (this.#at === this.#chunk.length && !await this.#more()) throw damaged("it is cut short");
    return this.takeNow(Math.min(maxBytes, this.#chunk.length - this.#at))!;
  }

  /** Refuses an archive in which something comes after what was taken. */
  async end(): Promise<void> {
    if (this.#at < this.#chunk.length || await this.#more()) {
      throw damaged("something comes after the end of its tar");
    }
    await this.#inflating;
    // zlib leaves zeros after the last gzip member unread.
    if (this.#gunzip.bytesWritten !== this.#source.lengthBytes) {
      throw damaged("something comes after the end of its gzip stream");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gunzip.destroy();
    await this.#inflating;
  }

  /** Waits for the next chunk; there is none at the end. */
  async #more(): Promise<boolean> {
    const { signal } = this.#source;
    signal?.throwIfAborted();
    giveBack(this.#chunk);
    this.#chunk = new Uint8Array();
    this.#at = 0;
    let next: IteratorResult<Uint8Array>;
    try {
      next = await this.#chunks.next();
    } catch (cause) {
      signal?.throwIfAborted();
      throw cause instanceof SourceFailed ? cause.cause : damaged(messageOf(cause), cause);
    }
    // Inflating by itself gives nobody else a turn.
    await pause();
    signal?.throwIfAborted();
    if (next.done) return false;
    const { buffer, byteOffset, length } = next.value;
    // Parts of a Node buffer are buffers, which take four times as long to make.
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
 * Frees the memory of a chunk that nobody looks at any more. The collector would leave a good part of
 * all that was inflated lying about: it sees how little memory the views of it take.
 */
function giveBack({ buffer, byteOffset, byteLength }: Uint8Array): void {
  // What ends before its buffer does is filled up with the next bytes.
  if (byteOffset + byteLength === buffer.byteLength) release(new Uint8Array(buffer));
}

/** The archive's bytes could not be had, which is not the archive's fault. */
class SourceFailed extends Error {}

/**
 * Gives the inflater each chunk when it is through with the one before. What goes wrong shows where
 * the inflated bytes are read.
 */
async function inflate(chunks: AsyncIterable<Uint8Array>, gunzip: Gunzip): Promise<void> {
  let goOn = () => {};
  gunzip.on("close", () => goOn());
  try {
    for await (const chunk of chunks) {
      const inflated = new Promise<void>((resolve) => goOn = resolve);
      gunzip.write(chunk, () => goOn());
      await inflated;
      if (gunzip.destroyed) return;
    }
    gunzip.end();
  } catch (cause) {
    gunzip.destroy(new SourceFailed(messageOf(cause), { cause }));
  }
}

/** An archive that is not what an archive has to be. */
export function damaged(why: string, cause?: unknown): PackageError {
  const message = `The archive is damaged: ${why}.`;
  return verificationError("archive-limits", "ARCHIVE_DAMAGED", message, { cause });
}
