/**
 * Requests blocks from peers. npm:webtorrent calls `_updateWire` whenever a peer can take more
 * requests. For a torrent with a {@linkcode RequestStrategy}, the strategy then chooses the blocks,
 * and requests them through {@linkcode requestBlocks}. npm:webtorrent still tracks which blocks are
 * requested from which peers, and handles the received blocks.
 *
 * @module
 */

import { replace, type Replacement, type Use, uses } from "../replacing/mod.ts";
import { SubPiece } from "./sub_piece.ts";
import { torrentPrototype } from "./torrent_prototype.ts";
import type { Torrent, Wire } from "./webtorrent_types.ts";

/** A piece that is being downloaded (npm:torrent-piece). */
interface Piece {
  length: number;
  /** Numbers of blocks whose request was cancelled or failed, to be requested again. */
  _cancellations: number[] | null;
  /**
   * Number of blocks, counted from the start of the piece, that have been requested at least once.
   */
  _reservations: number;
  _chunks: number;
  cancel(block: number): void;
}

/** A request for a block that was sent to a peer. */
interface SentRequest {
  piece: number;
  offset: number;
  length: number;
  /** Added by libreseed: time at which the request was sent. */
  sentMs?: number;
}

/** A connection to a peer, with the requests sent to that peer. */
export interface RequestingWire extends Wire {
  peerChoking: boolean;
  /** Whether both sides support the fast extension (BEP 6). */
  hasFast: boolean;
  /**
   * Pieces that may be requested from the peer even while the peer chokes us (allowed fast, BEP 6).
   */
  peerAllowedFastSet: number[];
  /** Total bytes of blocks received from the peer. */
  downloaded: number;
  requests: SentRequest[];
  /**
   * The peer's extended handshake (BEP 10). `reqq` is the maximum number of requests that the peer
   * queues.
   */
  peerExtendedHandshake?: { reqq?: unknown };
  /** Takes a request back. The piece that it was for may be requested again. */
  cancel(index: number, offset: number, length: number): void;
  /** Added by libreseed: whether the connection is ending. */
  isEnding?: boolean;
  /** Download speed from this peer, in bytes a second. */
  downloadSpeed(): number;
}

/** Measures the download speed of a connection. */
export interface SpeedMeter {
  /**
   * Counts received bytes, if given, and returns the speed.
   *
   * @param bytes number of bytes just received
   * @returns download speed in bytes a second
   */
  downloadSpeed(bytes?: number): number;
  /**
   * Added by libreseed: speed in bytes a second that `downloadSpeed` returns instead of the
   * measured one.
   */
  assumedSpeed?: number;
}

/** Chooses, for one download, the blocks to request from each peer. */
export interface RequestStrategy {
  /**
   * Requests blocks from a connected peer until the peer has as many pending requests as the
   * strategy allows.
   */
  askPeer(wire: RequestingWire): void;
}

/** Decides, for one download, from which peers a block may be requested. */
export interface RequestPolicy {
  /**
   * Whether blocks of a piece may be requested from a peer. May call {@linkcode restartPiece}.
   *
   * @param isIdle whether the peer has nothing else to send
   */
  mayRequest(wire: RequestingWire, index: number, isIdle: boolean): boolean;
  /**
   * Whether a block that was requested from one peer may also be requested from a second, faster
   * peer (hotswap).
   */
  readonly allowsHotswap: boolean;
  /**
   * If a stalled or late peer other than `wire` has pending requests for a piece, cancels them. Returns
   * whether there was such a peer.
   */
  releaseStalled(wire: RequestingWire, index: number): boolean;
  /** Called each time a request for a block has been sent to a peer. */
  onRequested(wire: RequestingWire): void;
}

/** Private members of npm:webtorrent's torrent that are needed to request blocks. */
interface Inner {
  pieces: (Piece | null)[];
  /** For each piece: the peers that its blocks were requested from. */
  _reservations: ((RequestingWire | null)[] | null)[];
  _request(wire: RequestingWire, index: number, hotswap: boolean): boolean;
  _hotswap(wire: RequestingWire, index: number): boolean;
  _updateWire(wire: RequestingWire): void;
  /** Added by libreseed: the strategy that chooses the blocks to request. */
  requestStrategy?: RequestStrategy;
  /** Added by libreseed: the policy that decides from which peers a block may be requested. */
  requestPolicy?: RequestPolicy;
}

/** Length of a block, in bytes. */
export const BLOCK_BYTES = 16_384;
/**
 * Maximum number of requests that a peer has at a time. Their blocks, 8 MiB, fill a connection of
 * 670 Mbit/s whose round trip takes 100 ms. Each request takes 3 kB of memory, and if they are many, they
 * live longer than young garbage.
 */
const MAX_REQUESTS = 512;

/** Speed above which no requests are taken away from a peer, bytes a second; npm:webtorrent's own. */
const MAX_SLOW = 3 * BLOCK_BYTES;

const torrents = torrentPrototype<Inner>();

let freed = 0;

/**
 * Number of requests that failed or were cancelled so far, in all downloads. While the number stays the
 * same, no piece gets blocks that can be requested again.
 */
export function freedRequests(): number {
  return freed;
}

/** Counts a request that failed or was cancelled. */
export function countFreedRequest(): void {
  freed++;
}

/** The replaced members of npm:webtorrent's torrent that request blocks. */
export const requestReplacements: readonly Replacement[] = [
  replace(torrents, "_updateWire", {
    because:
      "pieces are asked for in order, so that peers who download at the same time hold the " +
      "same ones; its rarest-first begins a new piece with each request",
    report: "docs/upstream/webtorrent-hooks.md",
    until: "a release takes a function that chooses the blocks",
    pinned: "47ac49e52726c92a7e243bc03c96d84a5dc62e39d8f938e9aca99be8faad9b73",
    parameters: 1,
    by: (updateWire) =>
      function (this: Inner, wire: RequestingWire) {
        if (this.requestStrategy) this.requestStrategy.askPeer(wire);
        else updateWire.call(this, wire);
      },
  }),
  replace(torrents, "_hotswap", {
    because: "it takes the offset of each request for a multiple of 16 KiB",
    report: "docs/upstream/webtorrent-hooks.md",
    until: "a release remembers the number of each request",
    pinned: "4587c49b439b9fc27b435c15465c18d4fd6434147de865c1f329515afd8be836",
    parameters: 2,
    by: (hotswap) =>
      function (this: Inner, wire: RequestingWire, index: number) {
        if (!(this.pieces[index] instanceof SubPiece)) return hotswap.call(this, wire, index);
        const slowest = slowestPeer(this, wire, index);
        if (slowest) cancelRequestsOf(this, index, slowest);
        return slowest !== undefined;
      },
  }),
];

/** Private members of npm:webtorrent's torrent that {@linkcode requestBlocks} calls. */
export const requestUses: Use = uses(torrents, ["_request"]);

/** Sets the strategy that chooses the blocks of a download. */
export function setRequestStrategy(torrent: Torrent, strategy: RequestStrategy): void {
  innerOf(torrent).requestStrategy = strategy;
}

/** Sets the policy that decides from which peers the blocks of a download may be requested. */
export function setRequestPolicy(torrent: Torrent, policy: RequestPolicy): void {
  innerOf(torrent).requestPolicy = policy;
}

/**
 * Requests blocks of a piece from a peer, until the peer has `most` pending requests or the piece
 * has no more blocks to request.
 *
 * @param isIdle whether the peer has nothing else to send; blocks already requested from another
 * peer may then be requested from it too
 * @returns whether any block was requested
 */
export function requestBlocks(
  torrent: Torrent,
  wire: RequestingWire,
  index: number,
  most: number,
  isIdle: boolean,
): boolean {
  const inner = innerOf(torrent);
  const meter = wire as RequestingWire & SpeedMeter;
  // Before each request npm:webtorrent reads the peer's speed, and computes from the speed how many
  // requests may be pending. The assumed speed makes that number at least `most`. For an idle peer
  // the measured speed is kept, because npm:webtorrent compares peers' speeds before it takes a
  // block over from a slower one.
  if (!isIdle) meter.assumedSpeed = most * BLOCK_BYTES;
  let isAsked = false;
  try {
    while (wire.requests.length < most && requestBlock(inner, wire, index, isIdle)) isAsked = true;
  } finally {
    meter.assumedSpeed = undefined;
  }
  return isAsked;
}

function requestBlock(
  torrent: Inner,
  wire: RequestingWire,
  index: number,
  isIdle: boolean,
): boolean {
  const policy = torrent.requestPolicy;
  if (policy && !policy.mayRequest(wire, index, isIdle)) return false;
  // npm:webtorrent by itself never takes over another peer's block for a peer that has sent nothing
  // yet.
  let maySwap = (isIdle || wire.downloaded === 0) && policy?.allowsHotswap !== false;
  if (maySwap && policy && !hasFreeBlock(torrent.pieces[index]!) && hasRoom(wire)) {
    if (policy.releaseStalled(wire, index)) maySwap = false;
  }
  const isAsked = torrent._request(wire, index, maySwap);
  if (isAsked) policy?.onRequested(wire);
  return isAsked;
}

/**
 * Whether npm:webtorrent would send one more request to a peer, by its limit on pending requests.
 */
function hasRoom(wire: RequestingWire): boolean {
  const most = 2 + Math.ceil(wire.downloadSpeed() / BLOCK_BYTES);
  return wire.requests.length < atMostReqq(wire, most);
}

/**
 * Returns the slowest of the peers that blocks of a piece are requested from, if `wire` is at least twice as
 * fast.
 */
function slowestPeer(
  { _reservations }: Inner,
  wire: RequestingWire,
  index: number,
): RequestingWire | undefined {
  const speed = wire.downloadSpeed();
  let slowest: RequestingWire | undefined;
  let slowestSpeed = Math.min(speed / 2, MAX_SLOW);
  for (const other of _reservations[index] ?? []) {
    const otherSpeed = other?.downloadSpeed() ?? Infinity;
    if (!other || other === wire || otherSpeed > slowestSpeed) continue;
    slowest = other;
    slowestSpeed = otherSpeed;
  }
  return speed < BLOCK_BYTES ? undefined : slowest;
}

/**
 * Limits a number of requests to {@linkcode MAX_REQUESTS}, and to the peer's own maximum, `reqq` of its
 * extended handshake (BEP 10).
 */
export function atMostReqq({ peerExtendedHandshake }: RequestingWire, blocks: number): number {
  const reqq = peerExtendedHandshake?.reqq;
  const most = Math.min(blocks, MAX_REQUESTS);
  return typeof reqq === "number" && reqq > 0 ? Math.min(most, reqq) : most;
}

/** Whether a piece has a block that is not requested from any peer. */
export function hasFreeBlock(piece: object): boolean {
  const { _cancellations, _reservations, _chunks } = piece as Piece;
  return _reservations < _chunks || (_cancellations !== null && _cancellations.length > 0);
}

/** Returns the peers from which blocks of a piece are requested. */
export function requestedPeers(torrent: Torrent, index: number): RequestingWire[] {
  return (innerOf(torrent)._reservations[index] ?? []).filter((wire) => wire !== null);
}

/**
 * Cancels one peer's requests for blocks of a piece, so that other peers may get these requests.
 */
export function cancelRequests(torrent: Torrent, index: number, wire: RequestingWire): void {
  cancelRequestsOf(innerOf(torrent), index, wire);
}

function cancelRequestsOf(
  { pieces, _reservations }: Inner,
  index: number,
  wire: RequestingWire,
): void {
  const reserved = _reservations[index] ?? [];
  reserved.forEach((other, i) => {
    if (other === wire) reserved[i] = null;
  });
  const piece = pieces[index];
  for (const request of wire.requests) {
    if (!piece || request.piece !== index) continue;
    const number = piece instanceof SubPiece
      ? piece.requestAt(request.offset)
      : Math.floor(request.offset / BLOCK_BYTES);
    // A peer may still have requests from before the piece was begun anew.
    if (number !== -1) piece.cancel(number);
  }
}

/** Discards the received blocks of a piece, so that all of its blocks are requested again. */
export function restartPiece(torrent: Torrent, index: number): void {
  const { pieces, _reservations } = innerOf(torrent);
  const piece = pieces[index];
  if (!piece) return;
  pieces[index] = piece instanceof SubPiece
    ? piece.anew()
    : new (piece.constructor as new (length: number) => Piece)(piece.length);
  _reservations[index] = [];
  countFreedRequest();
}

/**
 * Makes `downloadSpeed` of a connection return `assumedSpeed` instead of the measured speed, while
 * `assumedSpeed` is set.
 */
export function letSpeedBeAssumed(meter: SpeedMeter): void {
  const { downloadSpeed: measured } = meter;
  meter.downloadSpeed = (bytes) => {
    const { assumedSpeed } = meter;
    return bytes === undefined && assumedSpeed !== undefined ? assumedSpeed : measured(bytes);
  };
}

function innerOf(torrent: Torrent): Inner {
  return torrent as unknown as Inner;
}
