/**
 * Reads requested blocks of a peer together, directly into the buffer that is sent: adjacent blocks
 * with one read, others with a read each. The headers of the `piece` messages are then inserted between
 * the blocks. Peers request small pieces in random order, and would else get a packet for each.
 *
 * @module
 */

import type { Request, RequestQueue } from "./request_queue.ts";
import { BufferPool } from "./buffer_pool.ts";

/** Length in bytes of the header of a `piece` message (BEP 3): length prefix, type, piece index, offset. */
const HEADER_BYTES = 13;
const PIECE = 7;
const BLOCK_BYTES = 16_384;
/** Maximum number of blocks read together. One service of a peer is one such read. */
const MAX_BLOCKS = 16;
/** Maximum number of blocks read together under memory pressure. */
const MAX_BLOCKS_UNDER_PRESSURE = 8;
/** Total size in bytes of the buffers in use above which reads are shortened (memory pressure). */
const PRESSURE_BYTES = 8 * 1024 * 1024;
const MAX_POOL_BYTES = 4 * 1024 * 1024;

/** The source of blocks: a torrent with its file. */
export interface BlockSource {
  pieceLength: number;
  /** Whether the block exists in the torrent and its piece is verified. */
  has(index: number, offset: number, length: number): boolean;
  /** Fills `target` with bytes of the archive, from byte `start` on. */
  read(start: number, target: Uint8Array, done: (error: Error | null) => void): void;
}

/** A contiguous part of the archive. */
interface Part {
  /** Offset at which the part begins in the archive, in bytes. */
  start: number;
  lengthBytes: number;
}

/** Parts of the archive, and the requests for their blocks. */
export interface CoalescedRead {
  requests: Request[];
  /** The parts, in the order of the requests. None begins where the one before it ends. */
  parts: Part[];
  /** Total length of the requested blocks, in bytes. */
  lengthBytes: number;
}

/** Combines requests into reads, carries out the reads, and owns their buffers. */
export class ReadCoalescer {
  readonly #pool = new BufferPool(MAX_POOL_BYTES);
  #underWayBytes = 0;

  /**
   * Takes requests for blocks from the front of a queue. The queue must not be empty, and
   * the source must have the block of the first request.
   */
  take(queue: RequestQueue, source: BlockSource): CoalescedRead {
    const maxBlocks = this.#underWayBytes < PRESSURE_BYTES ? MAX_BLOCKS : MAX_BLOCKS_UNDER_PRESSURE;
    const read: CoalescedRead = { requests: [], parts: [], lengthBytes: 0 };
    do {
      const [index, offset, length] = queue.first();
      read.requests.push(queue.take());
      addTo(read.parts, index * source.pieceLength + offset, length);
      read.lengthBytes += length;
    } while (
      queue.length > 0 && read.requests.length < maxBlocks &&
      read.lengthBytes + queue.first()[2] <= maxBlocks * BLOCK_BYTES && source.has(...queue.first())
    );
    return read;
  }

  /**
   * Carries out a read and turns the blocks into `piece` messages.
   *
   * @param done receives the messages, or `undefined` if reading a part failed; the caller must pass the
   * messages to {@linkcode release} or {@linkcode forget} afterwards
   */
  read(
    { requests, parts, lengthBytes }: CoalescedRead,
    source: BlockSource,
    done: (messages: Uint8Array | undefined) => void,
  ): void {
    const headersBytes = requests.length * HEADER_BYTES;
    const buffer = this.#acquire(headersBytes + lengthBytes);
    // The blocks are read into the end of the buffer, so that each moves towards the start when
    // headers are inserted, and none overwrites another.
    let left = parts.length;
    let hasFailed = false;
    let at = headersBytes;
    for (const part of parts) {
      source.read(part.start, buffer.subarray(at, at + part.lengthBytes), (error) => {
        hasFailed ||= error !== null;
        // The buffer is not reused before the last read into it has ended.
        if (--left > 0) return;
        if (hasFailed) {
          this.release(buffer);
          return done(undefined);
        }
        putHeaders(buffer, requests, headersBytes);
        done(buffer.subarray(0, headersBytes + lengthBytes));
      });
      at += part.lengthBytes;
    }
  }

  /** Reclaims the buffer of messages that have been sent. */
  release(messages: Uint8Array): void {
    const buffer = new Uint8Array(messages.buffer);
    this.#underWayBytes -= buffer.length;
    this.#pool.release(buffer);
  }

  /**
   * Gives up the buffer of messages without reusing it, for a caller that is not told when the
   * messages have been sent. Garbage collection frees the buffer.
   */
  forget(messages: Uint8Array): void {
    this.#underWayBytes -= messages.buffer.byteLength;
  }

  /** Returns a buffer of one of two standard lengths, or a longer one for a single large block. */
  #acquire(lengthBytes: number): Uint8Array {
    const standard = [MAX_BLOCKS_UNDER_PRESSURE, MAX_BLOCKS].map((n) =>
      n * (BLOCK_BYTES + HEADER_BYTES)
    );
    const length = standard.find((length) => length >= lengthBytes) ?? lengthBytes;
    this.#underWayBytes += length;
    return this.#pool.acquire(length);
  }
}

function addTo(parts: Part[], start: number, lengthBytes: number): void {
  const last = parts.at(-1);
  if (last && last.start + last.lengthBytes === start) last.lengthBytes += lengthBytes;
  else parts.push({ start, lengthBytes });
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
