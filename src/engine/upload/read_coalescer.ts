/**
 * Reads adjacent blocks that a peer has requested in one read, straight into the outgoing buffer, and
 * inserts the message headers between them afterwards.
 *
 * @module
 */

import type { Request, RequestQueue } from "./request_queue.ts";
import { BufferPool } from "./buffer_pool.ts";

/** Header of a `piece` message (BEP 3): length prefix, type, piece index, offset. */
const HEADER_BYTES = 13;
const PIECE = 7;
const BLOCK_BYTES = 16_384;
/** Blocks of one coalesced read, which is what a peer gets in one service. */
const MAX_BLOCKS = 16;
/** Blocks of one coalesced read under memory pressure. */
const MAX_BLOCKS_UNDER_PRESSURE = 8;
/** Memory of reads under way above which reads are shortened. */
const PRESSURE_BYTES = 8 * 1024 * 1024;
const MAX_POOL_BYTES = 4 * 1024 * 1024;

/** The source of blocks: a torrent and its file. */
export interface BlockSource {
  pieceLength: number;
  /** Whether the torrent has this block, and its piece is verified. */
  has(index: number, offset: number, length: number): boolean;
  /** Fills `target` from byte `start` of the archive on. */
  read(start: number, target: Uint8Array, done: (error: Error | null) => void): void;
}

/** A contiguous part of the archive and the requests that it answers. */
export interface CoalescedRead {
  requests: Request[];
  /** Offset in the archive, bytes. */
  start: number;
  /** Length of all blocks together. */
  lengthBytes: number;
}

/** Forms coalesced reads, carries them out, and owns the buffers of those under way. */
export class ReadCoalescer {
  readonly #pool = new BufferPool(MAX_POOL_BYTES);
  #underWayBytes = 0;

  /**
   * Takes adjacent requests off the front of a queue. The queue must not be empty, and the source must
   * have the first block.
   */
  take(queue: RequestQueue, source: BlockSource): CoalescedRead {
    const maxBlocks = this.#underWayBytes < PRESSURE_BYTES ? MAX_BLOCKS : MAX_BLOCKS_UNDER_PRESSURE;
    const first = queue.take();
    const start = first[0] * source.pieceLength + first[1];
    const read: CoalescedRead = { requests: [first], start, lengthBytes: first[2] };
    while (queue.length > 0 && read.requests.length < maxBlocks) {
      const next = queue.first();
      const [index, offset, length] = next;
      if (index * source.pieceLength + offset !== start + read.lengthBytes) break;
      if (read.lengthBytes + length > maxBlocks * BLOCK_BYTES || !source.has(...next)) break;
      read.requests.push(queue.take());
      read.lengthBytes += length;
    }
    return read;
  }

  /**
   * Carries out a read and turns it into `piece` messages.
   *
   * @param done receives the messages, to be passed to {@linkcode release} or {@linkcode forget}
   * afterwards; `undefined` if reading failed
   */
  read(
    { requests, start, lengthBytes }: CoalescedRead,
    source: BlockSource,
    done: (messages: Uint8Array | undefined) => void,
  ): void {
    const headersBytes = requests.length * HEADER_BYTES;
    const buffer = this.#acquire(headersBytes + lengthBytes);
    // Blocks go to the end of the buffer, so that each moves left and none overwrites another.
    source.read(start, buffer.subarray(headersBytes, headersBytes + lengthBytes), (error) => {
      if (error) {
        this.release(buffer);
        return done(undefined);
      }
      putHeaders(buffer, requests, headersBytes);
      done(buffer.subarray(0, headersBytes + lengthBytes));
    });
  }

  /** Takes back the memory of messages that have been sent. */
  release(messages: Uint8Array): void {
    const buffer = new Uint8Array(messages.buffer);
    this.#underWayBytes -= buffer.length;
    this.#pool.release(buffer);
  }

  /** Leaves messages to the garbage collector, where nothing says when they have been sent. */
  forget(messages: Uint8Array): void {
    this.#underWayBytes -= messages.buffer.byteLength;
  }

  /** A buffer of one of two standard lengths, or longer for a single large block. */
  #acquire(lengthBytes: number): Uint8Array {
    const standard = [MAX_BLOCKS_UNDER_PRESSURE, MAX_BLOCKS].map((n) =>
      n * (BLOCK_BYTES + HEADER_BYTES)
    );
    const length = standard.find((length) => length >= lengthBytes) ?? lengthBytes;
    this.#underWayBytes += length;
    return this.#pool.acquire(length);
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
