/**
 * Blocks of bytes that one thread fills and another thread hashes, in memory that both share. The hashing
 * thread need not read from a file, which takes a quarter of the time of SHA-256.
 *
 * @module
 */

import { WRITE_BYTES } from "./file_writer.ts";
import type { PassState } from "./pass_state.ts";

/** Length of a block in bytes. */
const BLOCK_BYTES = WRITE_BYTES;
/** Number of blocks. They fit into the cache that the processors share. */
const BLOCKS = 32;
/** Indexes of the shared counters: number of blocks filled, and number of blocks used up. */
const [FILLED, USED] = [0, 1];
const COUNTERS_BYTES = 2 * Int32Array.BYTES_PER_ELEMENT;

/** A ring of blocks. Every block but the last of a file has the full length. */
export class BlockRing {
  readonly #state: PassState;
  readonly #counters: Int32Array<SharedArrayBuffer>;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;

  /** Allocates the shared memory of a ring. */
  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer(COUNTERS_BYTES + BLOCKS * BLOCK_BYTES);
  }

  constructor(memory: SharedArrayBuffer, state: PassState) {
    this.#state = state;
    this.#counters = new Int32Array(memory, 0, 2);
    this.#bytes = new Uint8Array(memory, COUNTERS_BYTES);
  }

  /**
   * Waits until there is room, and returns the block to fill next, of at most `maxBytes`.
   *
   * @throws {PassStopped} if the pass was stopped
   */
  toFill(maxBytes: number): Uint8Array {
    const filled = Atomics.load(this.#counters, FILLED);
    this.#state.waitUntil(() => filled - Atomics.load(this.#counters, USED) < BLOCKS);
    return this.#block(filled, maxBytes);
  }

  /** Hands over the block that {@linkcode BlockRing.toFill} has returned. */
  filled(): void {
    this.#count(FILLED);
  }

  /** Waits for the next block, of at most `maxBytes`. Throws like {@linkcode BlockRing.toFill}. */
  toUse(maxBytes: number): Uint8Array {
    const used = Atomics.load(this.#counters, USED);
    this.#state.waitUntil(() => Atomics.load(this.#counters, FILLED) > used);
    return this.#block(used, maxBytes);
  }

  /** Gives back the block that {@linkcode BlockRing.toUse} has returned. */
  used(): void {
    this.#count(USED);
  }

  #block(number: number, maxBytes: number): Uint8Array {
    const start = (number % BLOCKS) * BLOCK_BYTES;
    return this.#bytes.subarray(start, start + Math.min(BLOCK_BYTES, maxBytes));
  }

  #count(counter: number): void {
    Atomics.add(this.#counters, counter, 1);
    this.#state.wake();
  }
}
