/**
 * Gives each piece that is being downloaded one buffer, when it is imported. torrent-piece, of
 * npm:webtorrent, keeps the blocks as they came and joins them in the end; here a block is copied to
 * its place when it comes, and what it was read into can be used again.
 *
 * @module
 */

import Torrent from "webtorrent/lib/torrent.js";
import { prototypeOf } from "./override.ts";

interface Piece {
  length: number;
  /** Bytes that have not come yet. */
  missing: number;
  /** Who sent blocks of it. */
  sources: unknown[] | null;
  _chunks: number;
  /** Blocks that have come. */
  _buffered: number;
  /** What has come of each block. */
  _buffer: Uint8Array[] | null;
  _cancellations: unknown;
  _flushed: boolean;
  init(): boolean;
  set(block: number, bytes: Uint8Array, source: unknown): boolean;
  flush(): Uint8Array | null;
  /** Ours: the whole piece. */
  bytes?: Uint8Array;
}

interface Storing {
  pieces: (Piece | null)[];
  _onStore(): void;
}

const BLOCK_BYTES = 16_384;

function set(this: Piece, block: number, bytes: Uint8Array, source: unknown): boolean {
  if (!this.init()) return false;
  const whole = this.bytes ??= new Uint8Array(this.length);
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

const storing = prototypeOf<Storing>(Torrent, ["_onStore"]);
const { _onStore } = storing;

/** The class cannot be had but from its objects, of which there are some by now. */
storing._onStore = function () {
  const some = this.pieces.find((piece) => piece !== null);
  if (some) {
    const { constructor } = Object.getPrototypeOf(some);
    Object.assign(prototypeOf<Piece>(constructor, ["init", "set", "flush"]), { set, flush });
  }
  _onStore.call(this);
};
