/**
 * Writes the chunks of a download to its file on another thread. Chunks that wait at the same time and lie
 * side by side in the file share one write, because a write of a chunk of 16 KiB costs this thread more than
 * a copy of the chunk.
 *
 * @module
 */

import { fstatSync } from "node:fs";
import { pause } from "../../../base/mod.ts";

/** Maximum length of chunks that share a write, in bytes. A longer chunk is written alone. */
const MAX_JOINED_BYTES = 512 * 1024;

/** A chunk that waits to be written. */
interface Waiting {
  /** Position in the file, in bytes. */
  start: number;
  bytes: Uint8Array;
  done: (error: Error | null) => void;
}

/** Writes to a file with `Deno.FsFile`, one write after the other. */
export class FileWriter {
  readonly #file: Deno.FsFile;
  #waiting: Waiting[] = [];
  #isWriting = false;
  #isClosed = false;
  /** Position in the file after the last write, in bytes. */
  #position = 0;
  /** The bytes of chunks that share a write; kept for the next ones. */
  #joined: Uint8Array | undefined;

  /**
   * Opens the file at a path for writing.
   *
   * @param descriptor an open descriptor of the file
   * @returns `undefined` if the file at the path is not the descriptor's file (device and inode)
   */
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

  /**
   * Writes a chunk at a position in bytes. The caller must not alter the bytes before `done` is called.
   * Chunks that wait at the same time are written in the order of their positions.
   */
  write(start: number, bytes: Uint8Array, done: (error: Error | null) => void): void {
    this.#waiting.push({ start, bytes, done });
    if (!this.#isWriting) void this.#writeWaiting();
  }

  /** Closes the file. To be called when no chunk waits. */
  close(): void {
    this.#isClosed = true;
    if (!this.#isWriting) this.#file.close();
  }

  async #writeWaiting(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      // One turn of the event loop reads several small chunks from a peer.
      await pause();
      const chunks = this.#waiting.sort((a, b) => a.start - b.start);
      this.#waiting = [];
      for (let from = 0; from < chunks.length;) {
        const run = adjacent(chunks, from);
        from += run.length;
        const error = await this.#writeRun(run).then(() => null, (error: Error) => error);
        for (const { done } of run) done(error);
      }
    }
    this.#isWriting = false;
    if (this.#isClosed) this.#file.close();
  }

  async #writeRun(run: readonly Waiting[]): Promise<void> {
    const [{ start, bytes: first }] = run as [Waiting];
    const bytes = run.length === 1 ? first : this.#join(run);
    if (start !== this.#position) this.#file.seekSync(start, Deno.SeekMode.Start);
    this.#position = NaN;
    for (let at = 0; at < bytes.length;) at += await this.#file.write(bytes.subarray(at));
    this.#position = start + bytes.length;
  }

  #join(run: readonly Waiting[]): Uint8Array {
    const joined = this.#joined ??= new Uint8Array(MAX_JOINED_BYTES);
    let length = 0;
    for (const { bytes } of run) {
      joined.set(bytes, length);
      length += bytes.length;
    }
    return joined.subarray(0, length);
  }
}

/** Returns the chunks from one index on that lie side by side in the file and may share a write. */
function adjacent(chunks: readonly Waiting[], from: number): Waiting[] {
  let to = from + 1;
  let end = chunks[from]!.start + chunks[from]!.bytes.length;
  for (; to < chunks.length && chunks[to]!.start === end; to++) {
    if (end + chunks[to]!.bytes.length - chunks[from]!.start > MAX_JOINED_BYTES) break;
    end += chunks[to]!.bytes.length;
  }
  return chunks.slice(from, to);
}
