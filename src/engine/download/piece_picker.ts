/**
 * Piece picker: chooses the blocks that a download requests. npm:webtorrent's own picker requests
 * pieces in order from all peers, so simultaneous downloads hold the same pieces and have nothing
 * to exchange. Its rarest-first mode searches all pieces for each request, and begins a new piece
 * each time.
 *
 * - Pieces that have begun are finished first, because only a complete piece can be passed on to
 *   other peers.
 * - While all peers are seeders, pieces are requested nearly in order, so that the archive can be
 *   verified while the rest is still downloading. Some randomness lets downloads that meet later
 *   exchange pieces.
 * - A download of a part of the archive requests its pieces in order, none beyond the wanted bytes, and
 *   no block from two peers while pieces arrive. A part is the archive's beginning, or ranges of bytes.
 * - When there are leechers among the peers, the piece that the fewest leechers have comes first
 *   (rarest first). Ties are broken at random.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import {
  atMostReqq,
  BLOCK_BYTES,
  freedRequests,
  hasFreeBlock,
  requestBlocks,
  type RequestingWire,
  setRequestStrategy,
  type Torrent,
} from "../libraries/mod.ts";
import { byRarity, nearlyInOrder } from "./piece_order.ts";
import { type ByteRange, WantedPieces } from "./wanted_pieces.ts";

/** Length to which a peer's request pipeline is refilled, in seconds at the peer's speed. */
const AHEAD_S = 1;
/** Share of that length below which the pipeline is refilled, so that several requests go out at once. */
const REFILL_SHARE = 0.5;
/**
 * Number of blocks requested from a peer that has sent nothing yet. With fewer blocks, the reply
 * may not fill its last packet. The peer's system would then hold that packet back for 40 ms, until
 * our system has acknowledged the earlier packets (Nagle's algorithm with delayed
 * acknowledgements).
 */
export const FIRST_BLOCKS = 8;
/** Minimum interval between two computations of the piece order. */
const ORDER_MS = 250;
/**
 * Number of bitfield checks that take about a millisecond. If computing the piece order needs more
 * checks, the order is computed less often.
 */
const CHECKS_PER_MS = 100_000;
/** Minimum interval between two searches of the end game for one peer (ms). */
const END_GAME_MS = 100;
/**
 * Number of pieces that one search of the end game tries, the earliest begun first. Blocks of later ones
 * are most likely on their way.
 */
const END_GAME_PIECES = 64;

/**
 * Time without a complete piece after which a download of an archive's beginning requests a block from
 * two peers (ms). At once, each such block would be fetched twice, and the beginning is meant to be cheap.
 */
const PREFIX_END_GAME_MS = 5_000;

type Watched = Omit<Torrent, "pieces" | "wires"> & {
  /** One entry for each piece, `null` once the piece is verified. */
  pieces: (object | null)[];
  wires: RequestingWire[];
};

/** The state of a peer for which the whole order was searched in vain. */
interface Searched {
  order: readonly number[];
  /** Pieces that the peer has announced since. */
  announced: number[];
}

/** Restrictions on what is requested of a download. */
export interface RequestRules {
  /** Whether a piece may be requested from nobody for now. */
  isPending(index: number): boolean;
  /** Whether a piece may be requested from a peer. May have the piece begun anew. */
  mayRequest(wire: RequestingWire, index: number): boolean;
  /** Called after bytes of a piece have been requested from a peer. */
  onRequested(wire: RequestingWire, index: number): void;
}

/** Piece picker of one download. Must be created before the torrent connects to its first peer. */
export class PiecePicker {
  readonly #torrent: Watched;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Pieces of which blocks have been requested, in the order in which the pieces were begun. */
  readonly #begun = new Set<number>();
  /**
   * Pieces in `#begun` that may have a block which no peer has been asked for. If pieces are small,
   * nearly all begun pieces are requested completely, and need not be looked at.
   */
  readonly #open = new Set<number>();
  /** Number of freed requests when `#open` was last made anew. */
  #freed = 0;
  /**
   * Order in which pieces are to be begun. Pieces that were begun or completed after the order was
   * computed are still in the order.
   */
  #order: number[] = [];
  /** Number of pieces at the start of `#order` that have all been begun or completed. */
  #passed = 0;
  #orderedMs = -Infinity;
  /** For each piece: the number of leechers that have it. */
  #leechers: Uint16Array = new Uint16Array(0);
  readonly #wanted: WantedPieces;
  /** Number of verified pieces. */
  #verified = 0;
  /** Peers of which the whole order was searched, until the order is computed anew. */
  readonly #searched = new WeakMap<RequestingWire, Searched>();
  /** Time of the last search of the end game, by peer. */
  readonly #endGameMs = new WeakMap<RequestingWire, number>();
  /** Restrictions on what is requested, if there are any. */
  rules: RequestRules | undefined;
  /** Time of the last complete piece; before the first one, time at which pieces could be requested. */
  #verifiedMs: number;

  /**
   * @param random returns a random number from 0 to below 1
   * @param wantedBytes number of bytes at the archive's beginning that are wanted, if not the whole
   */
  constructor(torrent: Torrent, clock: Clock, random: () => number, wantedBytes = Infinity) {
    this.#torrent = torrent as Watched;
    this.#clock = clock;
    this.#random = random;
    this.#wanted = new WantedPieces(wantedBytes);
    this.#verifiedMs = clock.now();
    setRequestStrategy(torrent, { askPeer: (wire) => this.#askPeer(wire) });
    torrent.on("ready", () => this.#verifiedMs = clock.now());
    torrent.on("verified", (index: number) => {
      this.#verified++;
      this.#begun.delete(index);
      this.#open.delete(index);
      this.#verifiedMs = clock.now();
    });
    torrent.on("wire", (wire: RequestingWire) => {
      for (const event of ["have", "offer"]) {
        wire.on(event, (index: number) => this.#searched.get(wire)?.announced.push(index));
      }
      for (const event of ["bitfield", "have-all"]) {
        wire.on(event, () => this.#searched.delete(wire));
      }
    });
    // A piece that failed verification is requested again.
    torrent.on("warning", () => this.#reopen());
  }

  /** Whether a piece holds any of the wanted bytes, and is not held back. */
  isWanted(index: number): boolean {
    return !this.rules?.isPending(index) && this.#wanted.has(index, this.#torrent.pieceLength);
  }

  /** Wants more bytes at the archive's beginning. Fewer bytes than before change nothing. */
  widen(wantedBytes: number): void {
    if (this.#wanted.widen(wantedBytes)) this.askAgain();
  }

  /** Wants ranges of bytes besides the beginning. Returns a function that takes the wish back. */
  want(ranges: readonly ByteRange[]): () => void {
    const unwant = this.#wanted.add(ranges);
    this.askAgain();
    return unwant;
  }

  /** Asks all peers once more, after pieces have become wanted. */
  askAgain(): void {
    this.#orderedMs = -Infinity;
    this.#verifiedMs = this.#clock.now();
    // Peers that have sent everything are asked by no event any more.
    for (const wire of [...this.#torrent.wires]) this.#askPeer(wire);
  }

  #askPeer(wire: RequestingWire): void {
    if (wire.peerChoking) this.#askAllowedFast(wire);
    else if (this.#torrent.ready && !wire.destroyed) this.#ask(wire);
  }

  /**
   * Requests blocks of the pieces that a peer sends even while it chokes us (allowed fast, BEP 6).
   */
  #askAllowedFast(wire: RequestingWire): void {
    const allowed = wire.hasFast && !wire.destroyed ? wire.peerAllowedFastSet : [];
    if (allowed.length === 0) return;
    // Allowed-fast pieces are meant to help a peer that has few pieces: once we have as many pieces
    // as the peer allows, no allowed-fast piece is requested.
    if (this.#verified >= allowed.length) return;
    const speed = wire.downloadSpeed();
    const most = blocksAhead(wire, speed);
    if (wire.requests.length >= REFILL_SHARE * most) return;
    for (const index of allowed) if (this.#take(wire, index, most, false)) return;
  }

  #ask(wire: RequestingWire): void {
    const speed = wire.downloadSpeed();
    const isNew = wire.downloaded === 0;
    const most = isNew ? atMostReqq(wire, FIRST_BLOCKS) : blocksAhead(wire, speed);
    if (wire.requests.length >= (isNew ? 1 : REFILL_SHARE * most)) return;
    this.#refreshOrder();
    // A piece that a leecher has is not requested from a seeder at first, so that seeders are left
    // to send the other pieces.
    const isSpared = (index: number) => wire.isSeeder && this.#leechers[index]! > 0;
    if (this.#freed !== freedRequests()) this.#reopen();
    for (const index of this.#open) {
      if (!isSpared(index) && this.#take(wire, index, most, false)) return;
    }
    if (this.#begin(wire, most)) return;
    for (const index of this.#open) if (this.#take(wire, index, most, false)) return;
    if (this.#mayEndGame()) this.#endGame(wire, most);
  }

  /** Begins pieces with a peer. Returns whether the peer's request pipeline is full. */
  #begin(wire: RequestingWire, most: number): boolean {
    const order = this.#order;
    const searched = this.#searched.get(wire);
    if (searched?.order === order) {
      // The peer has no piece of this order except those that it has announced since the last search.
      for (let index; (index = searched.announced.pop()) !== undefined;) {
        if (this.#isUntouched(index) && this.#take(wire, index, most, false)) return true;
      }
      return false;
    }
    while (this.#passed < order.length && !this.#isUntouched(order[this.#passed]!)) this.#passed++;
    for (let at = this.#passed; at < order.length; at++) {
      const index = order[at]!;
      if (this.#isUntouched(index) && this.#take(wire, index, most, false)) return true;
    }
    this.#searched.set(wire, { order, announced: [] });
    return false;
  }

  /** Requests blocks that have already been requested from slower peers. */
  #endGame(wire: RequestingWire, most: number): void {
    const nowMs = this.#clock.now();
    const lastMs = this.#endGameMs.get(wire) ?? -Infinity;
    if (this.#torrent.wires.length < 2 || nowMs - lastMs < END_GAME_MS) return;
    this.#endGameMs.set(wire, nowMs);
    let tried = 0;
    for (const index of this.#begun) {
      if (!wire.peerPieces.get(index)) continue;
      if (this.#take(wire, index, most, true) || ++tried === END_GAME_PIECES) return;
    }
  }

  /** Looks at all pieces that have begun again. */
  #reopen(): void {
    this.#freed = freedRequests();
    this.#open.clear();
    for (const index of this.#begun) this.#open.add(index);
  }

  #mayEndGame(): boolean {
    return !this.#wanted.isPart || this.#clock.now() - this.#verifiedMs >= PREFIX_END_GAME_MS;
  }

  #isUntouched(index: number): boolean {
    return this.isWanted(index) && this.#torrent.pieces[index] !== null && !this.#begun.has(index);
  }

  /**
   * Requests blocks of a piece from a peer. Returns whether the peer's request pipeline is full.
   */
  #take(wire: RequestingWire, index: number, most: number, isIdle: boolean): boolean {
    if (!this.isWanted(index) || !this.#torrent.pieces[index]) return false;
    if (!wire.peerPieces.get(index) || this.rules?.mayRequest(wire, index) === false) return false;
    const piece = this.#torrent.pieces[index]!;
    if (!isIdle && !hasFreeBlock(piece)) {
      this.#open.delete(index);
      return false;
    }
    const torrent = this.#torrent as unknown as Torrent;
    if (requestBlocks(torrent, wire, index, most, isIdle)) {
      this.rules?.onRequested(wire, index);
      this.#begun.add(index);
      if (hasFreeBlock(piece)) this.#open.add(index);
    }
    return wire.requests.length >= most;
  }

  #refreshOrder(): void {
    const { pieces, wires, pieceLength } = this.#torrent;
    const nowMs = this.#clock.now();
    const checks = Math.max(1, pieces.length * wires.length / CHECKS_PER_MS);
    if (nowMs - this.#orderedMs < ORDER_MS * checks) return;
    this.#orderedMs = nowMs;
    this.#passed = 0;
    // Every seeder has every piece, so only leechers determine how rare a piece is.
    const others = wires.filter((wire) => !wire.isSeeder);
    const leechers = this.#leechers = new Uint16Array(pieces.length);
    const untouched: number[] = [];
    for (let index = 0; index < pieces.length; index++) {
      if (pieces[index] === null) continue;
      for (const { peerPieces } of others) if (peerPieces.get(index)) leechers[index]!++;
      if (this.#isUntouched(index)) untouched.push(index);
    }
    const options = { pieceLength, random: this.#random };
    if (this.#wanted.isPart) this.#order = untouched;
    else if (others.length > 0) this.#order = byRarity(untouched, leechers, options);
    else this.#order = nearlyInOrder(untouched, options);
  }
}

/**
 * Returns the full length of a peer's request pipeline: the number of blocks that the peer sends in
 * `AHEAD_S`, plus two, within the limits on requests to one peer.
 */
function blocksAhead(wire: RequestingWire, speed: number): number {
  return atMostReqq(wire, 2 + Math.ceil(AHEAD_S * speed / BLOCK_BYTES));
}
