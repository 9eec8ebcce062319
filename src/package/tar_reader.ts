/**
 * The entries of a `.tgz`, from bytes that may be a stranger's: bounded in every direction, refusing
 * all that is not a regular file. What the entries should be is `verify.ts`'s business.
 *
 * @module
 */

import { createGunzip, type Gunzip } from "node:zlib";
import { type Extract, extract, type Header } from "tar-stream";
import { messageOf, PackageError, quote, verificationError } from "./errors.ts";
import { type ArchiveLimits, RATIO_FREE_BYTES } from "./limits.ts";

const BLOCK_BYTES = 512;
const INFLATED_CHUNK_BYTES = 256 * 1024;
/** Beside the path, what the headers of one entry may take: more than any tar program writes. */
const HEADER_BYTES = 4096;

/** A regular file in a tar. */
export interface TarEntry {
  /** As it is in the tar: a stranger's. */
  path: string;
  sizeBytes: number;
  /** Whether the owner's x bit is set; no other bit of the mode matters. */
  executable: boolean;
  /** Exactly `sizeBytes`. Has to be read to its end before the next entry is asked for. */
  contents: AsyncIterable<Uint8Array>;
}

/** What is read. */
export interface TarSource {
  /** The archive's bytes. A chunk is not looked at any more when the next one is asked for. */
  chunks: AsyncIterable<Uint8Array>;
  lengthBytes: number;
  limits: ArchiveLimits;
  signal?: AbortSignal;
}

/**
 * Reads a `.tgz`. The gzip file has to fill the archive to its last byte.
 *
 * @returns by way of the generator's return value, the bytes of tar
 * @throws {PackageError} kind `verification`, step `archive-limits`: `ARCHIVE_DAMAGED`,
 * `FILE_TYPE_REFUSED`, `UNPACKED_TOO_LARGE`, `RATIO_TOO_HIGH`; whatever `chunks` throws
 */
export async function* readTar(source: TarSource): AsyncGenerator<TarEntry, number> {
  // So that every write waits until the reader is through with it, and the meter knows where it is.
  const tar = extract({ highWaterMark: 1 });
  const meter = new Meter(source);
  // The meter has to know of an entry before any byte of the next one is let through.
  tar.on("entry", (header: Header) => meter.enter(header));
  let failure: unknown;
  const feeding = feed(source, tar, meter).catch((error) => {
    // Then the reader has stopped by itself, and has its own error.
    if (tar.destroying) return;
    failure = error;
    tar.destroy(error instanceof Error ? error : new Error(messageOf(error)));
  });
  const explain = (error: unknown) => asPackageError(failure ?? error, source.signal);
  async function* read(contents: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* contents;
    } catch (error) {
      throw explain(error);
    }
  }
  try {
    for await (const entry of tar) {
      const { name, size, mode } = checkType(entry.header);
      const contents = read(entry as AsyncIterable<Uint8Array>);
      yield { path: name, sizeBytes: size, executable: (mode & 0o100) !== 0, contents };
    }
    await feeding;
    if (failure !== undefined) throw failure;
    return meter.tarBytes;
  } catch (error) {
    throw explain(error);
  } finally {
    tar.destroy();
    await feeding;
  }
}

/** Inflates the archive and hands it to the tar reader, no faster than that reads. */
async function feed(source: TarSource, tar: Extract, meter: Meter): Promise<void> {
  let goOn = () => {};
  tar.on("drain", () => goOn());
  tar.on("close", () => goOn());
  const gunzip = createGunzip({ chunkSize: INFLATED_CHUNK_BYTES });
  const inflating = inflate(source.chunks, gunzip);
  try {
    for await (const chunk of gunzip as AsyncIterable<Uint8Array>) {
      for (let at = 0; at < chunk.length;) {
        source.signal?.throwIfAborted();
        const part = meter.take(chunk.subarray(at));
        at += part.length;
        if (tar.destroying) throw new Error("the tar is not read any more");
        const readOn = new Promise<void>((resolve) => goOn = resolve);
        if (!tar.write(part)) await readOn;
      }
    }
  } finally {
    gunzip.destroy();
    await inflating;
  }
  // What comes after the last gzip member: zlib leaves zeros there unread.
  if (gunzip.bytesWritten !== source.lengthBytes) {
    throw damaged("something comes after the end of its gzip stream");
  }
  if (tar.destroying) return;
  const closed = new Promise<void>((resolve) => goOn = resolve);
  tar.end(null);
  await closed;
}

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
  } catch (error) {
    gunzip.destroy(error instanceof Error ? error : new Error(messageOf(error)));
  }
}

/** Counts the bytes of tar, and holds them to the limits before anything is made of them. */
class Meter {
  /** Bytes of tar so far. */
  tarBytes = 0;
  readonly #source: TarSource;
  readonly #headerBytes: number;
  /** Where the headers of the next entry may begin. */
  #entryEnd = 0;

  constructor(source: TarSource) {
    this.#source = source;
    this.#headerBytes = HEADER_BYTES + 2 * source.limits.maxPathBytes;
  }

  /** An entry has begun. */
  enter(header: Header & { byteOffset?: number }): void {
    const blocks = Math.ceil(header.size / BLOCK_BYTES);
    this.#entryEnd = header.byteOffset! + blocks * BLOCK_BYTES;
  }

  /**
   * The part at the beginning that may be handed to the tar reader now. Between two entries that is
   * no more than the headers of one may take: the reader would gather up to 4 MiB of them, and takes
   * time that grows with their square.
   */
  take(chunk: Uint8Array): Uint8Array {
    let allowed = this.#entryEnd + this.#headerBytes - this.tarBytes;
    if (allowed <= 0) throw damaged("the headers of an entry are too long");
    const part = chunk.subarray(0, allowed);
    this.tarBytes += part.length;
    // The zeros at the end of a tar, of which there may be many.
    allowed -= part.length;
    if (allowed === 0 && isZero(part)) this.#entryEnd = this.tarBytes;
    this.#checkLimits();
    return part;
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

function checkType(header: Header): Header {
  if (header.type === "file") return header;
  const what = header.type ?? "of an unknown type";
  const message = `The archive's entry ${quote(header.name)} is ${what}; only files are allowed.`;
  throw verificationError("archive-limits", "FILE_TYPE_REFUSED", message);
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function asPackageError(error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  return error instanceof PackageError ? error : damaged(messageOf(error), error);
}

function damaged(why: string, cause?: unknown): PackageError {
  const message = `The archive is damaged: ${why}.`;
  return verificationError("archive-limits", "ARCHIVE_DAMAGED", message, { cause });
}
