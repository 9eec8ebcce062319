/**
 * What there is to do in one pass over an archive, and how several threads share it: copying it range by
 * range, SHA-1 of the pieces of each range, SHA-256 of the whole from its start to its end. The threads
 * take their work themselves, from memory that they share, so that none waits for the one that started
 * them. That is `pass.ts`.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { messageOf } from "../errors.ts";
import { pieceLengthFor, SHA1_BYTES } from "../torrent/mod.ts";
import { type FileMark, isSameFile, WRITE_BYTES } from "./files.ts";

/** What is read, written and hashed at a time: it stays in a processor's own cache. */
const BLOCK_BYTES = WRITE_BYTES;
/** A multiple of it is copied, or hashed, before the others hear of it. */
const MIN_RANGE_BYTES = 8 * 1024 * 1024;
/** How far copying may be ahead of SHA-256, which takes longer and must not want for a processor. */
const AHEAD_RANGES = 4;
/** A thread that waits cannot be ended. */
const WAIT_MS = 100;

/** Indexes of the shared numbers. */
const [NEWS, STOPPED, TAKEN, HASHED, LANDED] = [0, 1, 2, 3, 4];

/** What is to be done. It can be sent to a thread. */
export interface PassPlan {
  /** The bytes to copy or, where there is no copy, to hash. */
  source: { path: string; mark: FileMark };
  /** An empty file, or one with the first bytes of the copy in it, see `head`. What lies in it is hashed. */
  copy?: { path: string; mark: FileMark; headBytes: number };
  /** Of the source, or of the copy with its head. */
  lengthBytes: number;
  /** 32 bytes for SHA-256 of the whole. */
  sha256: Uint8Array<SharedArrayBuffer>;
  /** 20 bytes for SHA-1 of each piece. */
  pieces?: Uint8Array<SharedArrayBuffer>;
  shared: SharedArrayBuffer;
}

/** What a step can fail of. */
export type PassFailure = { reason: "changed" | "read" | "write"; message: string };

/** A {@linkcode PassFailure} on its way out of a step. */
export class PassStopped extends Error {
  constructor(readonly failure: PassFailure | undefined, cause?: unknown) {
    super(failure?.message ?? "stopped", { cause });
  }
}

/** How much is done at a time: whole pieces. */
export function rangeBytesFor(lengthBytes: number): number {
  return Math.max(MIN_RANGE_BYTES, pieceLengthFor(lengthBytes));
}

/** The numbers that the threads of one pass share. */
export class PassState {
  readonly ranges: number;
  readonly #numbers: Int32Array<SharedArrayBuffer>;

  /** Memory for the pass over so many bytes. */
  static memoryFor(lengthBytes: number): SharedArrayBuffer {
    const ranges = Math.ceil(lengthBytes / rangeBytesFor(lengthBytes));
    return new SharedArrayBuffer((LANDED + ranges) * Int32Array.BYTES_PER_ELEMENT);
  }

  constructor(memory: SharedArrayBuffer) {
    this.#numbers = new Int32Array(memory);
    this.ranges = this.#numbers.length - LANDED;
  }

  get stopped(): boolean {
    return Atomics.load(this.#numbers, STOPPED) !== 0;
  }

  /** Ends the pass: each thread gives up at its next block. */
  stop(): void {
    Atomics.store(this.#numbers, STOPPED, 1);
    this.#tell();
  }

  /** A range that nobody has begun; `undefined` if there is none left. */
  take(): number | undefined {
    const range = Atomics.add(this.#numbers, TAKEN, 1);
    return range < this.ranges ? range : undefined;
  }

  /** Whether a range that is taken now is so near to what is hashed that nobody has to wait with it. */
  get isNear(): boolean {
    return Atomics.load(this.#numbers, TAKEN) < this.hashed + AHEAD_RANGES;
  }

  /** Everything that {@linkcode PassState.take} gives a range for is done with this one. */
  land(range: number): void {
    Atomics.store(this.#numbers, LANDED + range, 1);
    this.#tell();
  }

  hasLanded(range: number): boolean {
    return Atomics.load(this.#numbers, LANDED + range) !== 0;
  }

  /** How many ranges from the first are in SHA-256. */
  get hashed(): number {
    return Atomics.load(this.#numbers, HASHED);
  }

  set hashed(ranges: number) {
    Atomics.store(this.#numbers, HASHED, ranges);
    this.#tell();
  }

  /** Waits until it is so; others make it so. */
  waitUntil(isSo: () => boolean): void {
    for (;;) {
      const news = Atomics.load(this.#numbers, NEWS);
      if (this.stopped) throw new PassStopped(undefined);
      if (isSo()) return;
      Atomics.wait(this.#numbers, NEWS, news, WAIT_MS);
    }
  }

  #tell(): void {
    Atomics.add(this.#numbers, NEWS, 1);
    Atomics.notify(this.#numbers, NEWS);
  }
}

/**
 * The part of one thread. Its methods yield the number of each range that landed, and throw
 * {@linkcode PassStopped}.
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
    this.#rangeBytes = rangeBytesFor(plan.lengthBytes);
    this.#source = open(plan.source, "read");
    try {
      this.#copy = plan.copy && open(plan.copy, "write");
    } catch (error) {
      this.#source.close();
      throw error;
    }
  }

  /** Copies ranges and hashes their pieces, as long as there are some. */
  *help(): Generator<number, void> {
    for (;;) {
      if (this.#copy) this.#state.waitUntil(() => this.#state.isNear);
      const done = this.#next();
      if (done === undefined) return;
      yield done;
    }
  }

  /** SHA-256 of the whole. Helps when there is nothing to hash yet, and when all is hashed. */
  *whole(): Generator<number | undefined, void> {
    const hash = createHash("sha256");
    const { ranges } = this.#state;
    for (let range = 0; range < ranges; range++) {
      // What is not copied does not have to land.
      while (this.#copy && !this.#state.hasLanded(range)) {
        // It waits for nothing but bytes to hash: the other thread waits for it.
        const done = this.#state.isNear ? this.#next() : undefined;
        if (done === undefined) this.#state.waitUntil(() => this.#state.hasLanded(range));
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
    this.#state.land(range);
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

  #hashPieces(range: number, pieces: Uint8Array): void {
    const pieceBytes = pieceLengthFor(this.#plan.lengthBytes);
    const [start, end] = this.#boundsOf(range);
    let hash = createHash("sha1");
    let at = start;
    for (const block of this.#blocksOf(range)) {
      hash.update(block);
      at += block.length;
      // Pieces are some blocks long, and so is a range.
      if (at % pieceBytes !== 0 && at !== end) continue;
      pieces.set(hash.digest(), Math.ceil(at / pieceBytes - 1) * SHA1_BYTES);
      hash = createHash("sha1");
    }
  }

  /** The bytes to hash: those that landed. */
  #blocksOf(range: number): Generator<Uint8Array> {
    const [start, end] = this.#boundsOf(range);
    return this.#read(this.#copy ?? this.#source, start, end - start);
  }

  /** Whole blocks, but for the last. */
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

/** Opens the very file that is meant. */
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
