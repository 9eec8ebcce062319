/**
 * The work of one thread in a pass over an archive: copying ranges, computing the SHA-1 of the
 * pieces of each range, and computing the SHA-256 of the whole from start to end. `pass_state.ts`
 * divides the work between threads, `pass.ts` starts them.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { messageOf } from "../errors.ts";
import { SHA1_BYTES } from "../torrent/mod.ts";
import { type FileMark, isSameFile } from "./file_mark.ts";
import { WRITE_BYTES } from "./file_writer.ts";
import { type PassPlan, PassState, PassStopped, rangeBytesFor } from "./pass_state.ts";

/**
 * Number of bytes that are read, written and hashed at a time. They fit into a processor's cache.
 */
const BLOCK_BYTES = WRITE_BYTES;

/**
 * One thread's part of a pass. The methods yield the number of each range that they have finished,
 * and throw {@linkcode PassStopped}.
 */
export class PassSteps implements Disposable {
  readonly #plan: PassPlan;
  readonly #state: PassState;
  readonly #rangeBytes: number;
  readonly #source: Deno.FsFile;
  readonly #copy: Deno.FsFile | undefined;
  readonly #block = new Uint8Array(BLOCK_BYTES);

  constructor(plan: PassPlan) {
    this.#plan = plan;
    this.#state = new PassState(plan.shared);
    this.#rangeBytes = rangeBytesFor(plan);
    this.#source = open(plan.source, "read");
    try {
      this.#copy = plan.copy && open(plan.copy, "write");
    } catch (error) {
      this.#source.close();
      throw error;
    }
  }

  /** Copies ranges and hashes their pieces until no range is left. */
  *help(): Generator<number, void> {
    for (;;) {
      if (this.#copy) this.#state.waitUntil(() => this.#state.mayTake);
      const done = this.#next();
      if (done === undefined) return;
      yield done;
    }
  }

  /**
   * Computes the SHA-256 of the whole file. While no copied bytes are ready to be hashed, and after
   * hashing, this method copies ranges itself.
   */
  *whole(): Generator<number | undefined, void> {
    const hash = createHash("sha256");
    const { ranges } = this.#state;
    for (let range = 0; range < ranges; range++) {
      // Without a copy, all bytes are available from the start.
      while (this.#copy && !this.#state.isDone(range)) {
        // This thread may wait only for a copied range. Waiting for free space instead would be a
        // deadlock, because the other thread waits for this thread's progress.
        const done = this.#state.mayTake ? this.#next() : undefined;
        if (done === undefined) this.#state.waitUntil(() => this.#state.isDone(range));
        else yield done;
      }
      for (const block of this.#blocksOf(range)) hash.update(block);
      this.#state.hashed = range + 1;
      yield undefined;
    }
    this.#plan.sha256.set(hash.digest());
    yield* this.help();
  }

  [Symbol.dispose](): void {
    this.#source.close();
    this.#copy?.close();
  }

  #next(): number | undefined {
    if (!this.#copy && !this.#plan.pieces) return undefined;
    const range = this.#state.take();
    if (range === undefined) return undefined;
    if (this.#copy) this.#copyRange(range, this.#copy);
    if (this.#plan.pieces) this.#hashPieces(range, this.#plan.pieces);
    this.#state.finishRange(range);
    return range;
  }

  #boundsOf(range: number): [number, number] {
    const start = range * this.#rangeBytes;
    return [start, Math.min(start + this.#rangeBytes, this.#plan.lengthBytes)];
  }

  #copyRange(range: number, copy: Deno.FsFile): void {
    const { headBytes } = this.#plan.copy!;
    const [start, end] = this.#boundsOf(range);
    const from = Math.max(start, headBytes);
    if (from >= end) return;
    seek(copy, from, "write");
    for (const block of this.#read(this.#source, from - headBytes, end - from)) {
      try {
        for (let at = 0; at < block.length;) at += copy.writeSync(block.subarray(at));
      } catch (cause) {
        throw failed("write", cause);
      }
    }
  }

  #hashPieces(range: number, { pieceBytes, hashes }: NonNullable<PassPlan["pieces"]>): void {
    const [start, end] = this.#boundsOf(range);
    let hash = createHash("sha1");
    let at = start;
    for (const block of this.#blocksOf(range)) {
      // The lengths of pieces, blocks and ranges are powers of two, so a part is a whole piece or block.
      for (let from = 0; from < block.length; from += pieceBytes) {
        const part = block.subarray(from, from + pieceBytes);
        hash.update(part);
        at += part.length;
        if (at % pieceBytes !== 0 && at !== end) continue;
        hashes.set(hash.digest(), Math.ceil(at / pieceBytes - 1) * SHA1_BYTES);
        hash = createHash("sha1");
      }
    }
  }

  /** Reads the bytes of a range for hashing, from the copy if there is one. */
  #blocksOf(range: number): Generator<Uint8Array> {
    const [start, end] = this.#boundsOf(range);
    return this.#read(this.#copy ?? this.#source, start, end - start);
  }

  /** Reads a part of a file in complete blocks, except for the last block. */
  *#read(file: Deno.FsFile, start: number, lengthBytes: number): Generator<Uint8Array> {
    seek(file, start, "read");
    for (let left = lengthBytes; left > 0;) {
      if (this.#state.stopped) throw new PassStopped(undefined);
      const block = this.#block.subarray(0, left);
      try {
        for (let at = 0; at < block.length;) {
          const length = file.readSync(block.subarray(at));
          if (length === null) throw changed();
          at += length;
        }
      } catch (cause) {
        throw cause instanceof PassStopped ? cause : failed("read", cause);
      }
      left -= block.length;
      yield block;
    }
  }
}

/**
 * Opens a file, and checks the file against its mark: a file to read must be unchanged, and a file
 * to write must be the same file.
 */
function open(
  { path, mark }: { path: string; mark: FileMark },
  reason: "read" | "write",
): Deno.FsFile {
  let file: Deno.FsFile | undefined;
  try {
    file = Deno.openSync(path, { read: true, write: reason === "write" });
    const info = file.statSync();
    const isSame = reason === "read"
      ? isSameFile(mark, info)
      : mark.dev === info.dev && mark.ino === info.ino;
    if (isSame) return file;
  } catch (cause) {
    file?.close();
    throw failed(reason, cause);
  }
  file.close();
  throw reason === "read"
    ? changed()
    : new PassStopped({ reason, message: "there is another file now" });
}

function seek(file: Deno.FsFile, at: number, reason: "read" | "write"): void {
  try {
    file.seekSync(at, Deno.SeekMode.Start);
  } catch (cause) {
    throw failed(reason, cause);
  }
}

function failed(reason: "read" | "write", cause: unknown): PassStopped {
  return new PassStopped({ reason, message: messageOf(cause) }, cause);
}

function changed(): PassStopped {
  return new PassStopped({ reason: "changed", message: "changed" });
}
