/**
 * The plan of a pass over an archive, and the memory that its threads share. Each thread takes
 * ranges of bytes from a shared counter, so no thread waits for the command's thread to assign
 * work.
 *
 * @module
 */

import type { FileMark } from "./file_mark.ts";

/**
 * Minimum length in bytes of a range, the unit of work that a thread takes, copies and reports. Like the
 * piece length, a power of two.
 */
const MIN_RANGE_BYTES = 8 * 1024 * 1024;
/** Maximum number of ranges by which copying may be ahead of computing SHA-256, which is slower. */
const AHEAD_RANGES = 4;
/** Maximum duration of a single wait in milliseconds. A waiting thread cannot be terminated. */
const WAIT_MS = 100;

/**
 * Indexes into the array of shared numbers: change counter, stop flag, number of ranges taken,
 * number of ranges hashed, and the first done flag.
 */
const [CHANGES, STOPPED, TAKEN, HASHED, DONE] = [0, 1, 2, 3, 4];

/** The work of a pass, described by an object that can be posted to a thread. */
export interface PassPlan {
  /** The file to copy or, if no copy is made, to hash. */
  source: { path: string; mark: FileMark };
  /** The copy, which may contain `headBytes` bytes already. The bytes in the copy are hashed. */
  copy?: { path: string; mark: FileMark; headBytes: number };
  /** Length in bytes of the source or, with a copy, of the copy including its head. */
  lengthBytes: number;
  /** Output buffer for the SHA-256 of the whole file, 32 bytes. */
  sha256: Uint8Array<SharedArrayBuffer>;
  /** Length of a piece in bytes, and the output buffer for the SHA-1 of each piece, 20 bytes each. */
  pieces?: { pieceBytes: number; hashes: Uint8Array<SharedArrayBuffer> };
  /** The shared memory of {@linkcode PassState}. */
  shared: SharedArrayBuffer;
  /**
   * The shared memory of {@linkcode BlockRing}, if one thread copies and the other computes nothing but
   * SHA-256.
   */
  ring?: SharedArrayBuffer;
}

/** The reason why a pass failed: the source was altered, or the system refused to read or write. */
export type PassFailure = { reason: "changed" | "read" | "write"; message: string };

/**
 * Thrown to end a thread's work: because the thread failed with a {@linkcode PassFailure}, or
 * because the pass was stopped.
 */
export class PassStopped extends Error {
  constructor(readonly failure: PassFailure | undefined, cause?: unknown) {
    super(failure?.message ?? "stopped", { cause });
  }
}

/** Returns the length of a range in bytes, which is a multiple of the piece length. */
export function rangeBytesFor({ pieces }: Pick<PassPlan, "pieces">): number {
  return Math.max(MIN_RANGE_BYTES, pieces?.pieceBytes ?? 0);
}

/** The counters and flags that the threads of a pass share. All methods are thread-safe. */
export class PassState {
  readonly ranges: number;
  readonly #numbers: Int32Array<SharedArrayBuffer>;

  /** Allocates the shared memory for a pass over `lengthBytes` bytes. */
  static memoryFor(plan: Pick<PassPlan, "lengthBytes" | "pieces">): SharedArrayBuffer {
    const ranges = Math.ceil(plan.lengthBytes / rangeBytesFor(plan));
    return new SharedArrayBuffer((DONE + ranges) * Int32Array.BYTES_PER_ELEMENT);
  }

  constructor(memory: SharedArrayBuffer) {
    this.#numbers = new Int32Array(memory);
    this.ranges = this.#numbers.length - DONE;
  }

  get stopped(): boolean {
    return Atomics.load(this.#numbers, STOPPED) !== 0;
  }

  /** Stops the pass: each thread ends before its next block. */
  stop(): void {
    Atomics.store(this.#numbers, STOPPED, 1);
    this.wake();
  }

  /** Takes the next range for the calling thread; returns `undefined` if none is left. */
  take(): number | undefined {
    const range = Atomics.add(this.#numbers, TAKEN, 1);
    return range < this.ranges ? range : undefined;
  }

  /**
   * Whether copying may continue, because copying is less than {@linkcode AHEAD_RANGES} ranges
   * ahead of SHA-256.
   */
  get mayTake(): boolean {
    return Atomics.load(this.#numbers, TAKEN) < this.hashed + AHEAD_RANGES;
  }

  /** Records that a range is copied, and that the pieces in the range are hashed. */
  finishRange(range: number): void {
    Atomics.store(this.#numbers, DONE + range, 1);
    this.wake();
  }

  isDone(range: number): boolean {
    return Atomics.load(this.#numbers, DONE + range) !== 0;
  }

  /** Number of leading ranges that SHA-256 has covered. */
  get hashed(): number {
    return Atomics.load(this.#numbers, HASHED);
  }

  set hashed(ranges: number) {
    Atomics.store(this.#numbers, HASHED, ranges);
    this.wake();
  }

  /**
   * Blocks the calling thread until the predicate is true. Other threads change the state that the
   * predicate tests.
   */
  waitUntil(predicate: () => boolean): void {
    for (;;) {
      const changes = Atomics.load(this.#numbers, CHANGES);
      if (this.stopped) throw new PassStopped(undefined);
      if (predicate()) return;
      Atomics.wait(this.#numbers, CHANGES, changes, WAIT_MS);
    }
  }

  /** Wakes the threads that wait for a change. */
  wake(): void {
    Atomics.add(this.#numbers, CHANGES, 1);
    Atomics.notify(this.#numbers, CHANGES);
  }
}
