/**
 * The plan of a pass over an archive, and the memory that its threads share. Each thread takes
 * ranges of bytes from the shared memory by itself, so no thread waits for the one that started it.
 *
 * @module
 */

import { pieceLengthFor } from "../torrent/mod.ts";
import type { FileMark } from "./file_mark.ts";

/** Length of a range in bytes, at least: the unit that a thread takes, copies and reports. */
const MIN_RANGE_BYTES = 8 * 1024 * 1024;
/** Number of ranges that copying may be ahead of SHA-256, the slower of the two. */
const AHEAD_RANGES = 4;
/** Maximum time of one wait in milliseconds. A waiting thread cannot be terminated. */
const WAIT_MS = 100;

/**
 * Indexes of the shared numbers: change counter, stop flag, ranges taken, ranges hashed, done
 * flags.
 */
const [CHANGES, STOPPED, TAKEN, HASHED, DONE] = [0, 1, 2, 3, 4];

/** The work of a pass. It can be posted to a thread. */
export interface PassPlan {
  /** The bytes to copy or, where there is no copy, to hash. */
  source: { path: string; mark: FileMark };
  /** The copy, which may have `headBytes` bytes already. The bytes in it are hashed. */
  copy?: { path: string; mark: FileMark; headBytes: number };
  /** Length of the source, or of the copy with its head. */
  lengthBytes: number;
  /** Receives the SHA-256 of the whole, 32 bytes. */
  sha256: Uint8Array<SharedArrayBuffer>;
  /** Receives the SHA-1 of each piece, 20 bytes each. */
  pieces?: Uint8Array<SharedArrayBuffer>;
  /** Memory of {@linkcode PassState}. */
  shared: SharedArrayBuffer;
}

/** Why a pass failed: the source was altered, or the system refused to read or write. */
export type PassFailure = { reason: "changed" | "read" | "write"; message: string };

/**
 * Thrown to end the work of a thread: by its own {@linkcode PassFailure}, or because the pass
 * stopped.
 */
export class PassStopped extends Error {
  constructor(readonly failure: PassFailure | undefined, cause?: unknown) {
    super(failure?.message ?? "stopped", { cause });
  }
}

/** Length of a range in bytes: complete pieces. */
export function rangeBytesFor(lengthBytes: number): number {
  return Math.max(MIN_RANGE_BYTES, pieceLengthFor(lengthBytes));
}

/** The numbers that the threads of one pass share. All methods are thread-safe. */
export class PassState {
  readonly ranges: number;
  readonly #numbers: Int32Array<SharedArrayBuffer>;

  /** Allocates the memory for a pass over `lengthBytes` bytes. */
  static memoryFor(lengthBytes: number): SharedArrayBuffer {
    const ranges = Math.ceil(lengthBytes / rangeBytesFor(lengthBytes));
    return new SharedArrayBuffer((DONE + ranges) * Int32Array.BYTES_PER_ELEMENT);
  }

  constructor(memory: SharedArrayBuffer) {
    this.#numbers = new Int32Array(memory);
    this.ranges = this.#numbers.length - DONE;
  }

  get stopped(): boolean {
    return Atomics.load(this.#numbers, STOPPED) !== 0;
  }

  /** Stops the pass: each thread ends at its next block. */
  stop(): void {
    Atomics.store(this.#numbers, STOPPED, 1);
    this.#wake();
  }

  /** Takes the next range for the calling thread; `undefined` if there is none left. */
  take(): number | undefined {
    const range = Atomics.add(this.#numbers, TAKEN, 1);
    return range < this.ranges ? range : undefined;
  }

  /** Whether copying is less than {@linkcode AHEAD_RANGES} ahead of SHA-256, so that it may go on. */
  get mayTake(): boolean {
    return Atomics.load(this.#numbers, TAKEN) < this.hashed + AHEAD_RANGES;
  }

  /** Marks a range as copied, and its pieces as hashed. */
  finishRange(range: number): void {
    Atomics.store(this.#numbers, DONE + range, 1);
    this.#wake();
  }

  isDone(range: number): boolean {
    return Atomics.load(this.#numbers, DONE + range) !== 0;
  }

  /** Number of ranges, from the first, that SHA-256 has covered. */
  get hashed(): number {
    return Atomics.load(this.#numbers, HASHED);
  }

  set hashed(ranges: number) {
    Atomics.store(this.#numbers, HASHED, ranges);
    this.#wake();
  }

  /** Blocks until the predicate holds; other threads make it hold. */
  waitUntil(predicate: () => boolean): void {
    for (;;) {
      const changes = Atomics.load(this.#numbers, CHANGES);
      if (this.stopped) throw new PassStopped(undefined);
      if (predicate()) return;
      Atomics.wait(this.#numbers, CHANGES, changes, WAIT_MS);
    }
  }

  #wake(): void {
    Atomics.add(this.#numbers, CHANGES, 1);
    Atomics.notify(this.#numbers, CHANGES);
  }
}
