/**
 * Answers what peers ask for, when it is imported, and bounds what one peer can have us hold for it.
 * npm:bittorrent-protocol reads every block that a peer asks for at once, whether or not the peer takes
 * what it is sent: one that asks far ahead and reads slowly had a seeder keep 1.2 GB of a 1.5 GB file in
 * memory. Here requests wait in a queue until the earlier ones are read and sent, and those that lie side
 * by side are read and sent at once, past everything that would copy them. Whose requests are next is
 * for {@linkcode Turns} to say.
 *
 * @module
 */

import Connection from "bittorrent-protocol";
import {
  type BlockSource,
  type Request,
  RequestQueue,
  type Run,
  RunBuffers,
  Turns,
  type Waiter,
} from "../upload/mod.ts";

/** The parts of a connection that have to do with requests. */
export interface Uploader extends Waiter {
  amChoking: boolean;
  destroyed: boolean;
  hasFast: boolean;
  uploaded: number;
  /** Requests whose block is being read. */
  peerRequests: unknown[];
  /** What is to be sent and has not left yet. */
  _readableState: { buffered: number; highWaterMark: number };
  _encryptor: { _isEncrypted: boolean } | null;
  uploadSpeed(bytes: number): void;
  emit(event: string, ...values: unknown[]): void;
  reject(...request: Request): void;
  destroy(): void;
  choke(): void;
  _onRequest(...request: Request): void;
  _onCancel(...request: Request): void;
  _pull(requests: unknown[], ...request: Request): unknown;
  _push(bytes: Uint8Array): void;
  _read(done: (error: null) => void): void;
  /** Ours: requests that wait for their turn. */
  waitingRequests?: RequestQueue;
  /** Ours: a run of blocks is being read or sent. */
  isSending?: boolean;
  /** Ours: where the blocks come from that it asks for. */
  source?: BlockSource;
  /**
   * Ours: sends bytes past everything that lies between the connection and its socket. The bytes may be
   * altered once `done` is called.
   *
   * @returns whether it could: nothing else waits to be sent, and no limit is set
   */
  sendNow?(bytes: Uint8Array, done: () => void): boolean;
}

/** Blocks of one peer that are read in one turn, where they are read one by one. */
const MAX_READING = 16;
/** Bytes for one peer that wait to be sent before more are read. */
const MAX_UNSENT_BYTES = 256 * 1024;
/** A peer that fetches a gigabyte a second asks this far ahead. */
const MAX_WAITING = 65_536;

const uploader = Connection.prototype as unknown as Uploader;
const { _onRequest, _onCancel, _pull, _read, choke } = uploader;
const buffers = new RunBuffers();
const turns = new Turns<Uploader>({
  // A megabyte: more does not make it faster, and whom it is read for cannot be chosen anew.
  most: 4,
  catchUpBytes: 64 * 1024 * 1024,
  patience: 4,
}, takeTurn);

/** Takes up waiting requests as long as there is room. */
function serve(peer: Uploader): void {
  const { waitingRequests: waiting, peerRequests, _readableState } = peer;
  while (waiting !== undefined && waiting.length > 0) {
    if (peerRequests.length >= MAX_READING || _readableState.buffered >= MAX_UNSENT_BYTES) return;
    const source = sourceOf(peer, waiting.first());
    if (source) {
      if (!peer.isSending) turns.wait(peer);
      return;
    }
    try {
      _onRequest.call(peer, ...waiting.take());
    } catch {
      // A connection that is being ended may outlive its torrent.
      peer.waitingRequests = undefined;
      return peer.destroy();
    }
  }
}

/** Where to read a block from; `undefined` if it is left to the library, which knows all the reasons. */
function sourceOf(peer: Uploader, request: Request): BlockSource | undefined {
  const { source } = peer;
  if (peer.amChoking || peer._encryptor?._isEncrypted || !source?.has(...request)) return undefined;
  return source;
}

/** Its turn has come; what it waits for may be gone. */
function takeTurn(peer: Uploader, over: () => void): number {
  const { waitingRequests: waiting } = peer;
  if (peer.destroyed || peer.isSending || !waiting?.length) return 0;
  const source = sourceOf(peer, waiting.first());
  if (!source) {
    serve(peer);
    return 0;
  }
  const run = buffers.takeRun(waiting, source);
  sendRun(peer, source, run, over);
  return run.lengthBytes;
}

function sendRun(peer: Uploader, source: BlockSource, run: Run, over: () => void): void {
  peer.isSending = true;
  const settled = () => {
    peer.isSending = false;
    if (!peer.destroyed) serve(peer);
  };
  buffers.read(run, source, (messages) => {
    // The next one is read while this is sent.
    over();
    if (!messages || peer.amChoking || peer.destroyed) {
      if (messages) buffers.give(messages);
      // A peer that is choked is told that its requests will not be answered (BEP 6).
      if (!peer.destroyed && peer.hasFast) {
        for (const request of run.requests) peer.reject(...request);
      }
      return settled();
    }
    const sent = () => {
      buffers.give(messages);
      settled();
    };
    if (!peer.sendNow?.(messages, sent)) {
      buffers.forget(messages);
      peer._push(messages);
      queueMicrotask(settled);
    }
    peer.uploaded += run.lengthBytes;
    peer.uploadSpeed(run.lengthBytes);
    peer.emit("upload", run.lengthBytes);
  });
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
