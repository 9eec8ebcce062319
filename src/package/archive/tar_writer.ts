/**
 * Files as the bytes of an archive, always the same for the same files: tar entries with nothing in
 * them that depends on the machine, compressed as a chain of gzip members.
 *
 * @module
 */

import { type Pack, pack } from "tar-stream";
import type { Compressed, Compressor } from "./threads.ts";

/** Tar bytes in each gzip member but the last. The archive's bytes depend on it. */
export const MEMBER_BYTES = 4 * 1024 * 1024;
/** What comes before the contents of an ordinary file. */
export const TAR_HEADER_BYTES = 512;
/** Two blocks of zeros, which end a tar. */
const END_BYTES = 1024;

/** A file of a tar. */
export interface TarFile {
  path: string;
  sizeBytes: number;
  executable: boolean;
  /** Its bytes; exactly `sizeBytes` of them, or it throws. A chunk may not be altered afterwards. */
  contents: () => AsyncIterable<Uint8Array>;
}

/** The tar entry of a file that is in memory: header, contents, padding. No end of tar. */
export async function tarEntry(path: string, bytes: Uint8Array): Promise<Uint8Array> {
  const tar = pack();
  tar.entry(header(path, bytes.length, false), bytes);
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const whole = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  return whole.subarray(0, -END_BYTES);
}

/** The tar of the files, with its end. A chunk is not altered after it was yielded. */
export async function* tarOf(files: Iterable<TarFile>): AsyncGenerator<Uint8Array> {
  const tar = pack();
  const writing = writeEntries(tar, files);
  // Shows on the reading side, below.
  writing.catch((error) => tar.destroy(error));
  try {
    yield* tar as AsyncIterable<Uint8Array>;
    await writing;
  } finally {
    tar.destroy();
    await writing.catch(() => {});
  }
}

async function writeEntries(tar: Pack, files: Iterable<TarFile>): Promise<void> {
  for (const file of files) {
    const entry = tar.entry(header(file.path, file.sizeBytes, file.executable));
    let goOn = () => {};
    let failure: unknown;
    entry.on("drain", () => goOn());
    entry.on("close", () => goOn());
    entry.on("error", (error: Error) => failure = error);
    for await (const chunk of file.contents()) {
      if (tar.destroying) throw new Error("the tar is not read any more");
      const drained = new Promise<void>((resolve) => goOn = resolve);
      if (!entry.write(chunk)) await drained;
    }
    if (tar.destroying) throw new Error("the tar is not read any more");
    const closed = new Promise<void>((resolve) => goOn = resolve);
    entry.end(null);
    await closed;
    if (failure !== undefined) throw failure;
  }
  tar.finalize();
}

function header(name: string, size: number, executable: boolean) {
  const mode = executable ? 0o755 : 0o644;
  return { name, size, mode, mtime: new Date(0), uid: 0, gid: 0, type: "file" as const };
}

/**
 * Cuts tar bytes into gzip members as they come, and hands these on in their order. Holds as many
 * members' worth of them as the compressor makes at a time, and two more.
 */
export class MemberWriter {
  /** Tar bytes so far. */
  tarBytes = 0;
  /** Compressed bytes handed on so far. */
  gzipBytes = 0;
  readonly #compressor: Compressor;
  readonly #write: (member: Uint8Array) => Promise<void>;
  readonly #pending: Promise<Compressed>[] = [];
  readonly #free: Uint8Array[] = [];
  #buffer: Uint8Array = new Uint8Array(MEMBER_BYTES);
  #used = 0;

  /** @param write takes each member when it is its turn */
  constructor(compressor: Compressor, write: (member: Uint8Array) => Promise<void>) {
    this.#compressor = compressor;
    this.#write = write;
  }

  /** Takes the next tar bytes; they are copied. */
  async add(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + MEMBER_BYTES - this.#used);
      this.#buffer.set(part, this.#used);
      this.#used += part.length;
      at += part.length;
      if (this.#used === MEMBER_BYTES) await this.#flush();
    }
  }

  /** Hands on what is left. */
  async end(): Promise<void> {
    if (this.#used > 0) await this.#flush();
    while (this.#pending.length > 0) await this.#handOn();
  }

  async #flush(): Promise<void> {
    const member = this.#compressor.compress(this.#buffer, this.#used);
    // It is heard when it is its turn; until then, packing may have failed for another reason.
    member.catch(() => {});
    this.#pending.push(member);
    this.tarBytes += this.#used;
    this.#used = 0;
    while (this.#pending.length > this.#compressor.ahead) await this.#handOn();
    this.#buffer = this.#free.pop() ?? new Uint8Array(MEMBER_BYTES);
  }

  async #handOn(): Promise<void> {
    const { member, buffer } = await this.#pending.shift()!;
    this.#free.push(buffer);
    this.gzipBytes += member.length;
    await this.#write(member);
  }
}
