/**
 * Asking peers for blocks. npm:webtorrent calls `_updateWire` whenever a peer may be asked for more; a
 * torrent with a {@linkcode RequestStrategy} chooses the blocks itself then, and asks for them through
 * {@linkcode requestBlocks}. The package goes on keeping the accounts: which blocks of a piece are asked
 * for, of whom, and what to do with them when they come.
 *
 * @module
 */

import { replace, type Replacement, type Use, uses } from "../replacing/mod.ts";
import { torrentPrototype } from "./torrent_prototype.ts";
import type { Torrent, Wire } from "./webtorrent_types.ts";

/** A piece that is being downloaded (npm:torrent-piece). */
interface Piece {
  length: number;
  /** Blocks that were asked for and will not come. */
  _cancellations: number[] | null;
  /** Number of blocks that were asked for, from the first one on. */
  _reservations: number;
  _chunks: number;
  cancel(block: number): void;
}

/** A connection, with what its peer was asked for. */
export interface RequestingWire extends Wire {
  peerChoking: boolean;
  /** Whether both sides speak the fast extension (BEP 6). */
  hasFast: boolean;
  /** Pieces that the peer lets us ask for while it chokes us (BEP 6). */
  peerAllowedFastSet: number[];
  /** Bytes of blocks that the peer has sent. */
  downloaded: number;
  requests: { piece: number; offset: number }[];
  /** Extended handshake of the peer (BEP 10). */
  peerExtendedHandshake?: { reqq?: unknown };
  /** Bytes a second. */
  downloadSpeed(): number;
}

/** Measures the speed of a connection. */
export interface SpeedMeter {
  /**
   * @param bytes counts as received
   * @returns bytes a second
   */
  downloadSpeed(bytes?: number): number;
  /** Ours: the speed, in bytes a second, that `downloadSpeed` returns instead of the measured one. */
  assumedSpeed?: number;
}

/** Chooses the blocks to ask for in one download. */
export interface RequestStrategy {
  /** Asks a connected peer for blocks, as many as it may be asked for. */
  askPeer(wire: RequestingWire): void;
}

/** Decides of which peer a block is asked, in one download. */
export interface RequestPolicy {
  /**
   * Whether a peer may be asked for blocks of a piece. It may call {@linkcode restartPiece}.
   *
   * @param isIdle the peer has nothing else to do
   */
  mayRequest(wire: RequestingWire, index: number, isIdle: boolean): boolean;
  /** Whether a requested block may be requested from a second, faster peer. */
  readonly allowsHotswap: boolean;
  /** Cancels the requests for a piece at another, stalled peer; returns whether there was one. */
  releaseStalled(wire: RequestingWire, index: number): boolean;
  /** Counts a request that was sent. */
  onRequested(wire: RequestingWire): void;
}

/** The members of npm:webtorrent's torrent that are not public. */
interface Inner {
  pieces: (Piece | null)[];
  /** The peers that were asked for the blocks of each piece. */
  _reservations: ((RequestingWire | null)[] | null)[];
  _request(wire: RequestingWire, index: number, hotswap: boolean): boolean;
  _updateWire(wire: RequestingWire): void;
  /** Ours. */
  requestStrategy?: RequestStrategy;
  /** Ours. */
  requestPolicy?: RequestPolicy;
}

/** Length of a block, in bytes. */
export const BLOCK_BYTES = 16_384;

const torrents = torrentPrototype<Inner>();

/** The replaced members that have to do with requests. */
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
];

/** Members that {@linkcode requestBlocks} calls. */
export const requestUses: Use = uses(torrents, ["_request"]);

/** Has a strategy choose the blocks of a download. */
export function setRequestStrategy(torrent: Torrent, strategy: RequestStrategy): void {
  innerOf(torrent).requestStrategy = strategy;
}

/** Has a policy decide of which peer the blocks of a download are asked. */
export function setRequestPolicy(torrent: Torrent, policy: RequestPolicy): void {
  innerOf(torrent).requestPolicy = policy;
}

/**
 * Asks a peer for blocks of a piece until `most` blocks are asked of it, or there are no more.
 *
 * @param isIdle the peer has nothing else to do: a block may be asked of it that another peer owes
 * @returns whether a block was asked for
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
  // The package derives from the speed, anew for each block, how many blocks a peer may be asked for. A
  // swap compares speeds and needs the true one.
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
  // By itself the package never takes a block over for a peer that has sent nothing yet.
  let maySwap = (isIdle || wire.downloaded === 0) && policy?.allowsHotswap !== false;
  if (maySwap && policy && !hasFreeBlock(torrent.pieces[index]!) && hasRoom(wire)) {
    if (policy.releaseStalled(wire, index)) maySwap = false;
  }
  const isAsked = torrent._request(wire, index, maySwap);
  if (isAsked) policy?.onRequested(wire);
  return isAsked;
}

/** Whether the package would ask a peer for one more block. */
function hasRoom(wire: RequestingWire): boolean {
  const most = 2 + Math.ceil(wire.downloadSpeed() / BLOCK_BYTES);
  return wire.requests.length < atMostReqq(wire, most);
}

/** A number of blocks, or fewer if the peer says that it will not remember as many requests. */
export function atMostReqq({ peerExtendedHandshake }: RequestingWire, blocks: number): number {
  const reqq = peerExtendedHandshake?.reqq;
  return typeof reqq === "number" && reqq > 0 ? Math.min(blocks, reqq) : blocks;
}

/** Whether a piece has a block that no peer is asked for. */
export function hasFreeBlock(piece: object): boolean {
  const { _cancellations, _reservations, _chunks } = piece as Piece;
  return _reservations < _chunks || (_cancellations !== null && _cancellations.length > 0);
}

/** The peers that blocks of a piece were requested from. */
export function requestedPeers(torrent: Torrent, index: number): RequestingWire[] {
  return (innerOf(torrent)._reservations[index] ?? []).filter((wire) => wire !== null);
}

/** Cancels the requests for blocks of a piece at one peer, so that others may be asked for them. */
export function cancelRequests(torrent: Torrent, index: number, wire: RequestingWire): void {
  const { pieces, _reservations } = innerOf(torrent);
  const reserved = _reservations[index] ?? [];
  reserved.forEach((other, i) => {
    if (other === wire) reserved[i] = null;
  });
  for (const request of wire.requests) {
    if (request.piece === index) pieces[index]?.cancel(Math.floor(request.offset / BLOCK_BYTES));
  }
}

/** Discards the blocks of a piece that have come, so that all of them are requested again. */
export function restartPiece(torrent: Torrent, index: number): void {
  const { pieces, _reservations } = innerOf(torrent);
  const piece = pieces[index];
  if (!piece) return;
  pieces[index] = new (piece.constructor as new (length: number) => Piece)(piece.length);
  _reservations[index] = [];
}

/** Lets the measured speed of a connection be replaced by `assumedSpeed` for a while. */
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
