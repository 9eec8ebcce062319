/**
 * Answers a peer's requests for blocks, instead of npm:bittorrent-protocol. The package reads each
 * requested block at once, even if the peer does not receive as fast: for one slow peer that
 * requested far ahead, a seeder held 1.2 GB of a 1.5 GB file in memory.
 *
 * Here requests wait in a queue until earlier blocks have been read and sent. Adjacent blocks are
 * read in one read, and are passed directly to the socket without being copied.
 * {@linkcode FairQueue} chooses the peer to serve next.
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

/** The members of a connection that are needed to answer requests. */
export interface Uploader extends Flow {
  amChoking: boolean;
  destroyed: boolean;
  hasFast: boolean;
  uploaded: number;
  /** Requests for which npm:bittorrent-protocol is reading the block. */
  peerRequests: Block[];
  /** State of the stream to the socket: number of bytes waiting to be sent, and their limit. */
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
  /** Added by libreseed: requests that have not been answered yet. */
  waitingRequests?: RequestQueue;
  /** Added by libreseed: whether blocks are being read for the peer, or sent to the peer. */
  isSending?: boolean;
  /** Added by libreseed: the archive that the peer requests blocks of. */
  source?: BlockSource;
  /**
   * Added by libreseed: sends bytes directly to the socket, bypassing the connection's stream. The
   * caller may alter the bytes once `done` has been called.
   *
   * @returns `false` if the bytes cannot be sent this way, because other bytes wait to be sent or
   * an upload limit is set
   */
  sendNow?(bytes: Uint8Array, done: () => void): boolean;
}

/**
 * Maximum number of blocks that npm:bittorrent-protocol reads for one peer at the same time. The
 * package reads only the blocks that cannot be read here, such as those of an encrypted connection.
 */
const MAX_READING = 16;
/** Number of unsent bytes of one peer above which no more blocks are read for the peer. */
const MAX_UNSENT_BYTES = 256 * 1024;
/**
 * Maximum number of waiting requests of one peer. A peer that downloads a gigabyte a second needs
 * as many.
 */
const MAX_WAITING = 65_536;

const connection = connectionPrototype<Uploader>();
/**
 * The original method `_onRequest` of npm:bittorrent-protocol. It answers one request by emitting
 * `request`; the listener of that event reads the block.
 */
let answerOne: Uploader["_onRequest"];
const reads = new ReadCoalescer();
const queue = new FairQueue<Uploader>({
  // At most four reads run at once, about a megabyte in total. More reads would not be faster, and
  // would be assigned to peers before the fair queue could prefer other peers.
  maxConcurrent: 4,
  maxLagBytes: 64 * 1024 * 1024,
  maxRoundsWaited: 4,
}, startService);

/** Serves the waiting requests of a peer until a limit on reads or unsent bytes is reached. */
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
      // npm:bittorrent-protocol throws if the torrent has ended but its connection still exists.
      // The torrent's blocks can no longer be read.
      peer.waitingRequests = undefined;
      return peer.destroy();
    }
  }
}

/**
 * Returns the archive to read a requested block from. `undefined` leaves the answer, a block or a
 * rejection, to npm:bittorrent-protocol.
 */
function sourceOf(peer: Uploader, request: Request): BlockSource | undefined {
  const { source } = peer;
  if (peer.amChoking || peer._encryptor?._isEncrypted || !source?.has(...request)) return undefined;
  return source;
}

/**
 * Starts to serve a peer that {@linkcode FairQueue} has chosen. Returns 0 if all requests of the
 * peer have been cancelled since it was queued.
 */
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
    // The next read may start now, while the blocks of this read are being sent.
    done();
    if (!messages || peer.amChoking || peer.destroyed) {
      if (messages) reads.release(messages);
      // Each request of a choked peer must be rejected if the peer supports the fast extension (BEP
      // 6).
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

/** Returns the queue of a peer's requests, which is created at the first request. */
function queueOf(peer: Uploader): RequestQueue {
  if (peer.waitingRequests) return peer.waitingRequests;
  // With the default high-water mark, the stream would ask for more blocks only when fewer than 16
  // KiB are unsent.
  peer._readableState.highWaterMark = MAX_UNSENT_BYTES;
  peer.on("cancel", (...request) => void peer.waitingRequests?.remove(...request));
  return peer.waitingRequests = new RequestQueue();
}

/** The replaced members of npm:bittorrent-protocol that answer requests. */
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
  // npm:bittorrent-protocol calls `_pull` whenever one of our or the peer's requests is settled:
  // its block has been read, was refused, or was cancelled.
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
  // Node's stream calls `_read` when most of the outgoing bytes have been sent.
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
