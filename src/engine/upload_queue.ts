/**
 * Bounds what one peer can have us hold for it, when it is imported. npm:bittorrent-protocol reads every
 * block that a peer asks for at once, whether or not the peer takes what it is sent: one that asks far
 * ahead and reads slowly had a seeder keep 1.2 GB of a 1.5 GB file in memory. Here requests wait in a
 * queue until the earlier ones are read and sent.
 *
 * @module
 */

import Connection from "bittorrent-protocol";

/** A block of a piece: index of the piece, offset in it and length, bytes. */
type Request = [index: number, offset: number, length: number];

/** The parts of a connection that have to do with requests. */
interface Uploader {
  /** Requests whose block is being read. */
  peerRequests: unknown[];
  /** What is to be sent and has not left yet. */
  _readableState: { buffered: number; highWaterMark: number };
  /** Ours: requests that wait for their turn, from `servedRequests` on. */
  waitingRequests?: Request[];
  servedRequests?: number;
  destroy(): void;
  choke(): void;
  _onRequest(...request: Request): void;
  _onCancel(...request: Request): void;
  _pull(requests: unknown[], ...request: Request): unknown;
  _read(done: (error: null) => void): void;
}

/** Blocks of one peer that are read at once; they are of 16 KiB as a rule, 128 KiB at the most. */
const MAX_READING = 32;
/** Bytes for one peer that wait to be sent before more are read. */
const MAX_UNSENT_BYTES = 256 * 1024;
/** A peer that fetches a gigabyte a second asks this far ahead. */
const MAX_WAITING = 65_536;
/** Of these the newest are looked through for what is cancelled; sending a block in vain does no harm. */
const MAX_LOOKED_THROUGH = 1_024;

const uploader = Connection.prototype as unknown as Uploader;
const { _onRequest, _onCancel, _pull, _read, choke } = uploader;

/** Takes up waiting requests as long as there is room. */
function serve(peer: Uploader): void {
  const { waitingRequests = [], peerRequests, _readableState } = peer;
  let served = peer.servedRequests ?? 0;
  while (
    served < waitingRequests.length && peerRequests.length < MAX_READING &&
    _readableState.buffered < MAX_UNSENT_BYTES
  ) {
    peer.servedRequests = served + 1;
    try {
      _onRequest.call(peer, ...waitingRequests[served]!);
    } catch {
      // A connection that is being ended may outlive its torrent.
      peer.waitingRequests = [];
      peer.servedRequests = 0;
      return peer.destroy();
    }
    served = peer.servedRequests;
  }
  // One after the other out of a long array would cost more than reading the blocks.
  if (served > 0 && served * 2 >= waitingRequests.length) {
    waitingRequests.splice(0, served);
    peer.servedRequests = 0;
  }
}

uploader._onRequest = function (...request) {
  // Otherwise more would be read only when all but 16 KiB have left.
  this._readableState.highWaterMark = MAX_UNSENT_BYTES;
  const waiting = this.waitingRequests ??= [];
  if (waiting.length - (this.servedRequests ?? 0) >= MAX_WAITING) return this.destroy();
  waiting.push(request);
  serve(this);
};

uploader._onCancel = function (...request) {
  const waiting = this.waitingRequests ?? [];
  const oldest = Math.max(this.servedRequests ?? 0, waiting.length - MAX_LOOKED_THROUGH);
  for (let at = waiting.length - 1; at >= oldest; at--) {
    if (waiting[at]!.every((part, n) => part === request[n])) return void waiting.splice(at, 1);
  }
  _onCancel.call(this, ...request);
};

// Called when a block has been read, was refused or is not wanted any more.
uploader._pull = function (requests, ...request) {
  if (requests === this.peerRequests) queueMicrotask(() => serve(this));
  return _pull.call(this, requests, ...request);
};

// Called when most of what was to be sent has left.
uploader._read = function (done) {
  serve(this);
  _read.call(this, done);
};

// A peer that is choked is told that its requests will not be answered (BEP 6).
uploader.choke = function () {
  choke.call(this);
  serve(this);
};
