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
  /** Ours: requests that wait for their turn. */
  waitingRequests?: RequestQueue;
  destroy(): void;
  choke(): void;
  _onRequest(...request: Request): void;
  _onCancel(...request: Request): void;
  _pull(requests: unknown[], ...request: Request): unknown;
  _read(done: (error: null) => void): void;
}

/**
 * Blocks of one peer that are read in one turn; they are of 16 KiB as a rule, 128 KiB at the most. With
 * more, who came first is served first.
 */
const MAX_READING = 16;
/** Bytes for one peer that wait to be sent before more are read. */
const MAX_UNSENT_BYTES = 256 * 1024;
/** A peer that fetches a gigabyte a second asks this far ahead. */
const MAX_WAITING = 65_536;
/** Of these the newest are looked through for what is cancelled; sending a block in vain does no harm. */
const MAX_LOOKED_THROUGH = 1_024;

/** Requests in the order in which they came; a peer may have tens of thousands, so as bare numbers. */
class RequestQueue {
  readonly #numbers: number[] = [];
  /** Where in the numbers the first request is. */
  #first = 0;

  get length(): number {
    return (this.#numbers.length - this.#first) / 3;
  }

  push(...[index, offset, length]: Request): void {
    this.#numbers.push(index, offset, length);
  }

  take(): Request {
    const request = this.#at(this.#first);
    this.#first += 3;
    // One after the other out of a long array would cost more than reading the blocks.
    if (this.#first * 2 >= this.#numbers.length) {
      this.#numbers.splice(0, this.#first);
      this.#first = 0;
    }
    return request;
  }

  /** @returns whether it was one of the newest */
  remove(...request: Request): boolean {
    const oldest = Math.max(this.#first, this.#numbers.length - 3 * MAX_LOOKED_THROUGH);
    for (let at = this.#numbers.length - 3; at >= oldest; at -= 3) {
      if (!this.#at(at).every((part, n) => part === request[n])) continue;
      this.#numbers.splice(at, 3);
      return true;
    }
    return false;
  }

  #at(at: number): Request {
    return [this.#numbers[at]!, this.#numbers[at + 1]!, this.#numbers[at + 2]!];
  }
}

const uploader = Connection.prototype as unknown as Uploader;
const { _onRequest, _onCancel, _pull, _read, choke } = uploader;

/** Takes up waiting requests as long as there is room. */
function serve(peer: Uploader): void {
  const { waitingRequests, peerRequests, _readableState } = peer;
  while (
    waitingRequests !== undefined && waitingRequests.length > 0 &&
    peerRequests.length < MAX_READING && _readableState.buffered < MAX_UNSENT_BYTES
  ) {
    try {
      _onRequest.call(peer, ...waitingRequests.take());
    } catch {
      // A connection that is being ended may outlive its torrent.
      peer.waitingRequests = undefined;
      return peer.destroy();
    }
  }
}

uploader._onRequest = function (...request) {
  // Otherwise more would be read only when all but 16 KiB have left.
  this._readableState.highWaterMark = MAX_UNSENT_BYTES;
  const waiting = this.waitingRequests ??= new RequestQueue();
  if (waiting.length >= MAX_WAITING) return this.destroy();
  waiting.push(...request);
  serve(this);
};

uploader._onCancel = function (...request) {
  if (!this.waitingRequests?.remove(...request)) _onCancel.call(this, ...request);
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
