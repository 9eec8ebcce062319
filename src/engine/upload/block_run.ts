/**
 * Blocks that a peer has asked for and that lie side by side in the archive: read at once, into the
 * buffer that goes out, with their headers put in between afterwards.
 *
 * @module
 */

import type { Request, RequestQueue } from "./request_queue.ts";
import { SpareBuffers } from "./spare_buffers.ts";

/** Length, type, index and offset (BEP 3). */
const HEADER_BYTES = 13;
const PIECE = 7;
const BLOCK_BYTES = 16_384;
/** Blocks of a run: what a peer gets in its turn. */
const MOST_BLOCKS = 16;
/** The same while many runs are under way. */
const FEWEST_BLOCKS = 8;
/** Bytes of runs under way from which on the runs are short. */
const CROWDED_BYTES = 8 * 1024 * 1024;
const MAX_SPARE_BYTES = 4 * 1024 * 1024;

/** Where blocks come from: a torrent and its file. */
export interface BlockSource {
  pieceLength: number;
  /** Whether this block is one that there is, and is there. */
  has(index: number, offset: number, length: number): boolean;
  /** Fills `target` with what lies at `start` in the archive. */
  read(start: number, target: Uint8Array, done: (error: Error | null) => void): void;
}

/** A part of the archive with the requests for it. */
export interface Run {
  requests: Request[];
  /** In the archive. */
  start: number;
  /** Of the blocks. */
  lengthBytes: number;
}

/** The buffers of all runs under way. */
export class RunBuffers {
  readonly #spare = new SpareBuffers(MAX_SPARE_BYTES);
  #underWayBytes = 0;

  /**
   * Takes requests off a queue, from the first on as long as they lie side by side. There has to be one,
   * and the source has to have it.
   */
  takeRun(queue: RequestQueue, source: BlockSource): Run {
    const mostBlocks = this.#underWayBytes < CROWDED_BYTES ? MOST_BLOCKS : FEWEST_BLOCKS;
    const first = queue.take();
    const start = first[0] * source.pieceLength + first[1];
    const run: Run = { requests: [first], start, lengthBytes: first[2] };
    while (queue.length > 0 && run.requests.length < mostBlocks) {
      const next = queue.first();
      const [index, offset, length] = next;
      if (index * source.pieceLength + offset !== start + run.lengthBytes) break;
      if (run.lengthBytes + length > mostBlocks * BLOCK_BYTES || !source.has(...next)) break;
      run.requests.push(queue.take());
      run.lengthBytes += length;
    }
    return run;
  }

  /**
   * Reads a run and makes messages of it.
   *
   * @param done gets the messages, whose memory is to be given back; `undefined` if it cannot be read
   */
  read(
    { requests, start, lengthBytes }: Run,
    source: BlockSource,
    done: (messages: Uint8Array | undefined) => void,
  ): void {
    const headersBytes = requests.length * HEADER_BYTES;
    const buffer = this.#take(headersBytes + lengthBytes);
    // At the end, so that each block is moved to the left and none is written over.
    source.read(start, buffer.subarray(headersBytes, headersBytes + lengthBytes), (error) => {
      if (error) {
        this.give(buffer);
        return done(undefined);
      }
      putHeaders(buffer, requests, headersBytes);
      done(buffer.subarray(0, headersBytes + lengthBytes));
    });
  }

  /** Takes back messages that have been sent. */
  give(messages: Uint8Array): void {
    const buffer = new Uint8Array(messages.buffer);
    this.#underWayBytes -= buffer.length;
    this.#spare.give(buffer);
  }

  /** Messages that are sent without our hearing of it are left to the garbage collector. */
  forget(messages: Uint8Array): void {
    this.#underWayBytes -= messages.buffer.byteLength;
  }

  /** One of two lengths, or more if a single block is longer. */
  #take(lengthBytes: number): Uint8Array {
    const usual = [FEWEST_BLOCKS, MOST_BLOCKS].map((n) => n * (BLOCK_BYTES + HEADER_BYTES));
    const length = usual.find((length) => length >= lengthBytes) ?? lengthBytes;
    this.#underWayBytes += length;
    return this.#spare.take(length);
  }
}

function putHeaders(buffer: Uint8Array, requests: readonly Request[], from: number): void {
  const view = new DataView(buffer.buffer, buffer.byteOffset);
  let at = 0;
  for (const [index, offset, length] of requests) {
    const blockAt = at + HEADER_BYTES;
    buffer.copyWithin(blockAt, from, from + length);
    view.setUint32(at, HEADER_BYTES - 4 + length);
    buffer[at + 4] = PIECE;
    view.setUint32(at + 5, index);
    view.setUint32(at + 9, offset);
    at = blockAt + length;
    from += length;
  }
}
