/**
 * Answering requests, in place of npm:bittorrent-protocol's own answering. The package reads every block
 * that a peer asks for at once, whether or not the peer takes what it is sent: one that asks far ahead
 * and reads slowly had a seeder keep 1.2 GB of a 1.5 GB file in memory. Here requests wait in a queue
 * until the earlier ones are read and sent, and adjacent ones are read and sent at once, past everything
 * that would copy them. {@linkcode FairQueue} chooses the peer to serve next.
 *
 * @module
 */

import {
  type BlockSource,
  type CoalescedRead,
  FairQueue,
  type Flow,
  ReadCoalescer,
  type Request,
  RequestQueue,
} from "../../upload/mod.ts";
import { replace, type Replacement } from "../replacing/mod.ts";
import { connectionPrototype } from "./connection.ts";
import { type Block, takeBlock } from "./wire_writer.ts";

/** The members of a connection that answering requests needs. */
export interface Uploader extends Flow {
  amChoking: boolean;
  destroyed: boolean;
  hasFast: boolean;
  uploaded: number;
  /** Requests whose block the package is reading. */
  peerRequests: Block[];
  /** Bytes that wait to be sent. */
  _readableState: { buffered: number; highWaterMark: number };
  _encryptor: { _isEncrypted: boolean } | null;
  uploadSpeed(bytes: number): void;
  emit(event: string, ...values: unknown[]): void;
  on(event: "cancel", listener: (...request: Request) => void): void;
  reject(...request: Request): void;
  destroy(): void;
  choke(): void;
  _onRequest(...request: Request): void;
  _pull(requests: Block[], ...request: Request): Block | null;
  _push(bytes: Uint8Array): void;
  _read(done: (error: null) => void): void;
  /** Ours: requests that have not been answered yet. */
  waitingRequests?: RequestQueue;
  /** Ours: blocks are being read for the peer, or sent to it. */
  isSending?: boolean;
  /** Ours: the archive whose blocks the peer asks for. */
  source?: BlockSource;
  /**
   * Ours: sends bytes past everything that lies between the connection and its socket. The bytes may be
   * altered once `done` is called.
   *
   * @returns whether it could: nothing else waits to be sent, and no limit is set
   */
  sendNow?(bytes: Uint8Array, done: () => void): boolean;
}

/** Blocks of one peer that are read at once where the library reads them one by one. */
const MAX_READING = 16;
/** Unsent bytes of one peer above which no more blocks are read for it. */
const MAX_UNSENT_BYTES = 256 * 1024;
/** Maximum number of requests of one peer: one that fetches a gigabyte a second has as many. */
const MAX_WAITING = 65_536;

const connection = connectionPrototype<Uploader>();
/** Answers one request as the package does it: emits `request`, whose listener reads the block. */
let answerOne: Uploader["_onRequest"];
const reads = new ReadCoalescer();
const queue = new FairQueue<Uploader>({
  // A megabyte together: more is no faster, and a service that has begun cannot go to another peer.
  maxConcurrent: 4,
  maxLagBytes: 64 * 1024 * 1024,
  maxRoundsWaited: 4,
}, startService);

/** Takes up waiting requests as long as there is room. */
function serve(peer: Uploader): void {
  const { waitingRequests: waiting, peerRequests, _readableState } = peer;
  while (waiting !== undefined && waiting.length > 0) {
    if (peerRequests.length >= MAX_READING || _readableState.buffered >= MAX_UNSENT_BYTES) return;
    const source = sourceOf(peer, waiting.first());
    if (source) {
      if (!peer.isSending) queue.enqueue(peer);
      return;
    }
    try {
      answerOne.call(peer, ...waiting.take());
    } catch {
      // The connection may outlive its torrent for a moment, and there is no block to read then.
      peer.waitingRequests = undefined;
      return peer.destroy();
    }
  }
}

/** The archive to read a block from; `undefined` leaves the request, or its rejection, to the package. */
function sourceOf(peer: Uploader, request: Request): BlockSource | undefined {
  const { source } = peer;
  if (peer.amChoking || peer._encryptor?._isEncrypted || !source?.has(...request)) return undefined;
  return source;
}

/** Begins to serve a peer; its requests may have been cancelled meanwhile. */
function startService(peer: Uploader, done: () => void): number {
  const { waitingRequests: waiting } = peer;
  if (peer.destroyed || peer.isSending || !waiting?.length) return 0;
  const source = sourceOf(peer, waiting.first());
  if (!source) {
    serve(peer);
    return 0;
  }
  const read = reads.take(waiting, source);
  send(peer, source, read, done);
  return read.lengthBytes;
}

function send(peer: Uploader, source: BlockSource, read: CoalescedRead, done: () => void): void {
  peer.isSending = true;
  const settled = () => {
    peer.isSending = false;
    if (!peer.destroyed) serve(peer);
  };
  reads.read(read, source, (messages) => {
    // The next blocks are read while these are sent.
    done();
    if (!messages || peer.amChoking || peer.destroyed) {
      if (messages) reads.release(messages);
      // The requests of a choked peer are rejected (BEP 6).
      if (!peer.destroyed && peer.hasFast) {
        for (const request of read.requests) peer.reject(...request);
      }
      return settled();
    }
    const sent = () => {
      reads.release(messages);
      settled();
    };
    if (!peer.sendNow?.(messages, sent)) {
      reads.forget(messages);
      peer._push(messages);
      queueMicrotask(settled);
    }
    peer.uploaded += read.lengthBytes;
    peer.uploadSpeed(read.lengthBytes);
    peer.emit("upload", read.lengthBytes);
  });
}

/** The queue of a peer's requests, made at the first one. */
function queueOf(peer: Uploader): RequestQueue {
  if (peer.waitingRequests) return peer.waitingRequests;
  // By default more would be read only when all but 16 KiB have left.
  peer._readableState.highWaterMark = MAX_UNSENT_BYTES;
  peer.on("cancel", (...request) => void peer.waitingRequests?.remove(...request));
  return peer.waitingRequests = new RequestQueue();
}

/** The replaced members that have to do with answering requests. */
export const uploadReplacements: readonly Replacement[] = [
  replace(connection, "_onRequest", {
    because: "every block is read at once, whether or not the peer reads what it is sent",
    report: "docs/upstream/bittorrent-protocol.md",
    until: "a release reads no further than the connection drains, and shares it out between peers",
    pinned: "15d15e5010c69d5b8c34badd7b1d8a876bbb8ba7fa55276d25f87f312e1e8237",
    parameters: 3,
    by: (onRequest) => {
      answerOne = onRequest;
      return function (this: Uploader, ...request: Request) {
        const waiting = queueOf(this);
        if (waiting.length >= MAX_WAITING) return this.destroy();
        waiting.push(...request);
        serve(this);
      };
    },
  }),
  // Called when a block has been read, was refused or is not wanted any more, on either side.
  replace(connection, "_pull", {
    because: "the last block of the list takes the place of the one that is taken off; and the " +
      "next waiting request has to be served",
    report: "docs/upstream/bittorrent-protocol.md",
    until: "a release keeps the order, and `_onRequest` goes",
    pinned: "e35e64fa689d055bd4898658cdc1a08f0f1c76640352a0c2088d97c1325c9a5d",
    parameters: 4,
    by: () =>
      function (this: Uploader, requests: Block[], ...request: Request) {
        if (requests === this.peerRequests) queueMicrotask(() => serve(this));
        return takeBlock(requests, ...request);
      },
  }),
  // Called when most of what was to be sent has left.
  replace(connection, "_read", {
    because: "no event tells that there is room to send more",
    report: "docs/upstream/bittorrent-protocol.md",
    until: "`_onRequest` goes",
    pinned: "1bbdd7ed52c0726306545685e176475fdebc881b039d8eb10854042d1c4dd437",
    parameters: 1,
    by: (read) =>
      function (this: Uploader, done: (error: null) => void) {
        serve(this);
        read.call(this, done);
      },
  }),
  replace(connection, "choke", {
    because: "a choked peer is to be told that its waiting requests will not be answered (BEP 6)",
    report: "docs/upstream/bittorrent-protocol.md",
    until: "`_onRequest` goes",
    pinned: "e35d97e25dc0d8d1090fc6954bd8cb6cdbdc9974430a4a003ae99afbdd8131f6",
    parameters: 0,
    by: (choke) =>
      function (this: Uploader) {
        choke.call(this);
        serve(this);
      },
  }),
];
