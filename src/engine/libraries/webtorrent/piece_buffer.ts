/**
 * One buffer for each piece that is being downloaded. npm:torrent-piece keeps the blocks as they came and
 * joins them in the end; here a block is copied to its place when it comes, and the memory that it was
 * read into can be used again. So can the piece's buffer, once it is written.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import LibraryPiece from "torrent-piece";
import { BufferPool } from "../../upload/mod.ts";
import { type Place, replace, type Replacement, type Use, uses } from "../replacing/mod.ts";

interface Piece {
  length: number;
  /** Bytes that have not come yet. */
  missing: number;
  /** The peers that sent blocks of it. */
  sources: unknown[] | null;
  _chunks: number;
  /** Number of blocks that have come. */
  _buffered: number;
  /** The blocks that have come, by number. */
  _buffer: Uint8Array[] | null;
  _cancellations: unknown;
  _flushed: boolean;
  init(): boolean;
  set(block: number, bytes: Uint8Array, source: unknown): boolean;
  flush(): Uint8Array | null;
  /** Ours: the buffer of the whole piece. */
  bytes?: Uint8Array;
}

const BLOCK_BYTES = 16_384;
/**
 * Maximum size of the buffers kept for later pieces, while there are downloads. A peer lets us ask for
 * some 32 MiB of blocks at once, and 16 MiB of pieces wait for the disk.
 */
const MAX_SPARE_BYTES = 48 * 1024 * 1024;

const pool = new BufferPool(0);
/** Torrents whose download is not complete. */
const downloading = new Set<EventEmitter>();

/** Keeps buffers for the pieces of a torrent until it is done or ended; to be called when it is ready. */
export function keepPieceBuffers(torrent: EventEmitter): void {
  const end = () => {
    downloading.delete(torrent);
    if (downloading.size === 0) pool.maxBytes = 0;
  };
  downloading.add(torrent);
  pool.maxBytes = MAX_SPARE_BYTES;
  torrent.once("done", end);
  torrent.once("close", end);
}

function set(this: Piece, block: number, bytes: Uint8Array, source: unknown): boolean {
  if (!this.init()) return false;
  const whole = this.bytes ??= pool.acquire(this.length);
  for (let from = 0; from < bytes.length; from += BLOCK_BYTES, block++) {
    if (this._buffer![block]) continue;
    const part = bytes.subarray(from, from + BLOCK_BYTES);
    const at = block * BLOCK_BYTES;
    whole.set(part, at);
    this._buffer![block] = whole.subarray(at, at + part.length);
    this._buffered++;
    this.missing -= part.length;
    if (!this.sources!.includes(source)) this.sources!.push(source);
  }
  return this._buffered === this._chunks;
}

function flush(this: Piece): Uint8Array | null {
  if (!this._buffer || this._buffered !== this._chunks) return null;
  const whole = this.bytes!;
  this.bytes = undefined;
  this._buffer = null;
  this._cancellations = null;
  this.sources = null;
  this._flushed = true;
  return whole;
}

/** Takes back the buffer of a piece that was written. */
export function releasePieceBuffer(bytes: Uint8Array): void {
  pool.release(bytes);
}

const piece: Place<Piece> = {
  library: "torrent-piece",
  name: "Piece.prototype",
  object: () => (LibraryPiece as unknown as { prototype: Piece }).prototype,
};

/** The replaced members of a piece. */
export const pieceReplacements: readonly Replacement[] = [
  replace(piece, "set", {
    because: "each block keeps the buffer alive that it was read into, of which it is a part",
    report: "docs/upstream/webtorrent-hooks.md",
    until: "a release copies blocks into one buffer that can be handed in",
    pinned: "cbec1952315963633a8cb30c76dc08cd3a1f7d121b435389d77f94b66bd1d30a",
    parameters: 3,
    by: () => set,
  }),
  replace(piece, "flush", {
    because: "all blocks are copied once more, into new memory",
    report: "docs/upstream/webtorrent-hooks.md",
    until: "`set` goes",
    pinned: "434baeffc8783069aa36d27b194c2f8c555de895be54f908577426359332f748",
    parameters: 0,
    by: () => flush,
  }),
];

/** Members of a piece that are called. */
export const pieceUses: Use = uses(piece, ["init"]);
