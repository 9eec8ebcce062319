/**
 * Collects the blocks of each downloading piece in one buffer. npm:torrent-piece keeps each
 * received block, together with the memory that it was read into, and joins the blocks when the
 * piece is complete. Here each block is copied to its place on arrival, so that the read buffer can
 * be reused at once. The piece's buffer is reused after the piece has been written.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import LibraryPiece from "torrent-piece";
import { BufferPool } from "../../upload/mod.ts";
import { type Place, replace, type Replacement, type Use, uses } from "../replacing/mod.ts";
import { countFreedRequest } from "./requests.ts";

interface Piece {
  length: number;
  /** Number of bytes of the piece that have not been received. */
  missing: number;
  /** The peers that sent blocks of the piece. */
  sources: unknown[] | null;
  _chunks: number;
  /** Number of received blocks of the piece. */
  _buffered: number;
  /** The received blocks of the piece, by block number. */
  _buffer: Uint8Array[] | null;
  _cancellations: unknown;
  _flushed: boolean;
  init(): boolean;
  set(block: number, bytes: Uint8Array, source: unknown): boolean;
  flush(): Uint8Array | null;
  cancel(block: number): void;
  /** Added by libreseed: the buffer of the whole piece. */
  bytes?: Uint8Array;
}

const BLOCK_BYTES = 16_384;
/**
 * Maximum total size in bytes of the unused buffers that are kept for reuse while there are
 * downloads. A peer sends the blocks of a piece one after the other, so few pieces are incomplete at a
 * time, and a piece is written as soon as it is complete.
 */
const MAX_SPARE_BYTES = 8 * 1024 * 1024;

const pool = new BufferPool(0);
/** Torrents that are still downloading. Buffers are kept for reuse only while there are any. */
const downloading = new Set<EventEmitter>();

/**
 * Keeps piece buffers for reuse until the torrent's download is complete or the torrent ends. To be
 * called when the torrent is ready.
 */
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

/** Returns a buffer for a piece, of exactly this length. Its contents are undefined. */
export function acquirePieceBuffer(lengthBytes: number): Uint8Array<ArrayBuffer> {
  return pool.acquire(lengthBytes) as Uint8Array<ArrayBuffer>;
}

/** Returns the buffer of a written piece to the pool. */
export function releasePieceBuffer(bytes: Uint8Array): void {
  pool.release(bytes);
}

const piece: Place<Piece> = {
  library: "torrent-piece",
  name: "Piece.prototype",
  object: () => (LibraryPiece as unknown as { prototype: Piece }).prototype,
};

/** The replaced members of npm:torrent-piece. */
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
  replace(piece, "cancel", {
    because: "nothing tells that a request has failed, so that all pieces are looked through for " +
      "blocks to request again",
    report: "docs/upstream/webtorrent-hooks.md",
    until: "a release tells which blocks can be requested again",
    pinned: "b470b1c703c3ec5af21e53584aa14134aefeb9aa4871d9498972ce8bbe438360",
    parameters: 1,
    by: (cancel) =>
      function (this: Piece, block: number) {
        cancel.call(this, block);
        countFreedRequest();
      },
  }),
];

/** Private members of npm:torrent-piece that libreseed calls. */
export const pieceUses: Use = uses(piece, ["init"]);
