/**
 * Gives each piece that is being downloaded one buffer, when it is imported. torrent-piece, of
 * npm:webtorrent, keeps the blocks as they came and joins them in the end; here a block is copied to
 * its place when it comes, and what it was read into can be used again. So can the buffer, once it is
 * written.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import Torrent from "webtorrent/lib/torrent.js";
import { BufferPool } from "../upload/mod.ts";
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

interface Store {
  put(index: number, bytes: Uint8Array, done: (error: Error | null) => void): void;
}

interface Storing extends EventEmitter {
  destroyed: boolean;
  pieces: (Piece | null)[];
  store: Store;
  /** Ours: the pieces are being set up. */
  isSetUp?: boolean;
  _onMetadata(metadata: unknown): Promise<void>;
  _onStore(): void;
}

const BLOCK_BYTES = 16_384;
/**
 * What is kept for pieces to come, while there are downloads. A peer lets us ask for some 32 MiB of
 * blocks at once, and 16 MiB of pieces wait for the disk.
 */
const MAX_SPARE_BYTES = 48 * 1024 * 1024;

const pool = new BufferPool(0);
/** Torrents that may still get pieces. */
const downloading = new Set<Storing>();

function begin(torrent: Storing): void {
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

const storing = prototypeOf<Storing>(Torrent, ["_onMetadata", "_onStore"]);
const { _onMetadata, _onStore } = storing;

/** Two peers may send the metadata at once, and WebTorrent would make the pieces and the store twice. */
storing._onMetadata = async function (metadata) {
  if (this.isSetUp) return;
  this.isSetUp = true;
  await _onMetadata.call(this, metadata);
};

/** The class cannot be had but from its objects, of which there are some by now. */
storing._onStore = function () {
  const some = this.pieces.find((piece) => piece !== null);
  if (some) {
    const { constructor } = Object.getPrototypeOf(some);
    Object.assign(prototypeOf<Piece>(constructor, ["init", "set", "flush"]), { set, flush });
    if (!this.destroyed) begin(this);
    const { store } = this;
    const { put } = store;
    // Nobody reads a piece before it is written, and from then on it is read from the file.
    store.put = (index, bytes, done) =>
      put.call(store, index, bytes, (error) => {
        done(error);
        pool.release(bytes);
      });
  }
  _onStore.call(this);
};
