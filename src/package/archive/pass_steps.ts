/**
 * The work of one thread in a pass over an archive: copying ranges, computing the SHA-1 of the
 * pieces of each range, and computing the SHA-256 of the whole from start to end. `pass_state.ts`
 * divides the work between threads, `pass.ts` starts them.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { messageOf } from "../../base/mod.ts";
import { SHA1_BYTES } from "../torrent/mod.ts";
import { BlockRing } from "./block_ring.ts";
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
  readonly #ring: BlockRing | undefined;

  constructor(plan: PassPlan) {
    this.#plan = plan;
    this.#state = new PassState(plan.shared);
    this.#ring = plan.ring && new BlockRing(plan.ring, this.#state);
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
    if (this.#ring) return yield* this.#fill(this.#ring);
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
    if (this.#ring) return yield* this.#hashRing(this.#ring);
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

  /** Copies all ranges in their order, and hands each block over to be hashed. */
  *#fill(ring: BlockRing): Generator<number, void> {
    const toFill = (leftBytes: number) => ring.toFill(leftBytes);
    for (;;) {
      const range = this.#state.take();
      if (range === undefined) return;
      const [start, end] = this.#boundsOf(range);
      for (const block of this.#read(this.#source, start, end - start, toFill)) {
        write(this.#copy!, block);
        ring.filled();
      }
      this.#state.finishRange(range);
      yield range;
    }
  }

  /** Computes the SHA-256 of the whole file from the blocks that another thread copies. */
  *#hashRing(ring: BlockRing): Generator<undefined, void> {
    const hash = createHash("sha256");
    for (let range = 0; range < this.#state.ranges; range++) {
      const [start, end] = this.#boundsOf(range);
      for (let at = start; at < end;) {
        const block = ring.toUse(end - at);
        hash.update(block);
        at += block.length;
        ring.used();
      }
      this.#state.hashed = range + 1;
      yield undefined;
    }
    this.#plan.sha256.set(hash.digest());
  }

  [Symbol.dispose](): void {
    this.#source.close();
    this.#copy?.close();
  }

  #next(): number | undefined {
    if (!this.#copy && !this.#plan.pieces) return undefined;
    const range = this.#state.take();
    if (range === undefined) return undefined;
    const pieces = this.#plan.pieces && new PieceHashes(this.#plan.pieces, this.#boundsOf(range));
    if (this.#copy) this.#copyRange(range, this.#copy, pieces);
    else for (const block of this.#blocksOf(range)) pieces?.update(block);
    this.#state.finishRange(range);
    return range;
  }

  #boundsOf(range: number): [number, number] {
    const start = range * this.#rangeBytes;
    return [start, Math.min(start + this.#rangeBytes, this.#plan.lengthBytes)];
  }

  /**
   * Copies a range, and hashes its pieces. What is written is hashed from memory, not read again: the copy
   * has the bytes that were hashed, whatever happens to the source.
   */
  #copyRange(range: number, copy: Deno.FsFile, pieces: PieceHashes | undefined): void {
    const { headBytes } = this.#plan.copy!;
    const [start, end] = this.#boundsOf(range);
    const from = Math.min(Math.max(start, headBytes), end);
    if (pieces) { for (const block of this.#read(copy, start, from - start)) pieces.update(block); }
    seek(copy, from, "write");
    for (const block of this.#read(this.#source, from - headBytes, end - from)) {
      write(copy, block);
      pieces?.update(block);
    }
  }

  /** Reads the bytes of a range for hashing, from the copy if there is one. */
  #blocksOf(range: number): Generator<Uint8Array> {
    const [start, end] = this.#boundsOf(range);
    return this.#read(this.#copy ?? this.#source, start, end - start);
  }

  /**
   * Reads a part of a file in complete blocks, except for the last block.
   *
   * @param room returns the memory for the next block, of at most the given length
   */
  *#read(
    file: Deno.FsFile,
    start: number,
    lengthBytes: number,
    room: (maxBytes: number) => Uint8Array = (maxBytes) => this.#block.subarray(0, maxBytes),
  ): Generator<Uint8Array> {
    seek(file, start, "read");
    for (let left = lengthBytes; left > 0;) {
      if (this.#state.stopped) throw new PassStopped(undefined);
      const block = room(left);
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

/** Computes the SHA-1 of the pieces of a range, which begins and ends where a piece does. */
class PieceHashes {
  readonly #pieces: NonNullable<PassPlan["pieces"]>;
  readonly #end: number;
  #at: number;
  #hash = createHash("sha1");

  constructor(pieces: NonNullable<PassPlan["pieces"]>, [start, end]: [number, number]) {
    this.#pieces = pieces;
    this.#at = start;
    this.#end = end;
  }

  /** Hashes the next bytes. */
  update(block: Uint8Array): void {
    const { pieceBytes, hashes } = this.#pieces;
    for (let from = 0; from < block.length;) {
      const part = block.subarray(from, from + pieceBytes - this.#at % pieceBytes);
      this.#hash.update(part);
      from += part.length;
      this.#at += part.length;
      if (this.#at % pieceBytes !== 0 && this.#at !== this.#end) continue;
      hashes.set(this.#hash.digest(), Math.ceil(this.#at / pieceBytes - 1) * SHA1_BYTES);
      this.#hash = createHash("sha1");
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

function write(file: Deno.FsFile, block: Uint8Array): void {
  try {
    for (let at = 0; at < block.length;) at += file.writeSync(block.subarray(at));
  } catch (cause) {
    throw failed("write", cause);
  }
}

function failed(reason: "read" | "write", cause: unknown): PassStopped {
  return new PassStopped({ reason, message: messageOf(cause) }, cause);
}

function changed(): PassStopped {
  return new PassStopped({ reason: "changed", message: "changed" });
}
