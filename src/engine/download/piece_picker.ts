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

import { type Clock, shuffle } from "../../base/mod.ts";
import {
  atMostReqq,
  BLOCK_BYTES,
  hasFreeBlock,
  requestBlocks,
  type RequestingWire,
  setRequestStrategy,
  type Torrent,
} from "../libraries/mod.ts";

/**
 * Minimum length of a peer's request pipeline, in seconds at the peer's speed. A shorter pipeline
 * is refilled.
 */
const MIN_AHEAD_S = 0.5;
/** Length to which a peer's request pipeline is refilled, in seconds at the peer's speed. */
const MAX_AHEAD_S = 1;
/**
 * Number of blocks requested from a peer that has sent nothing yet. With fewer blocks, the reply
 * may not fill its last packet. The peer's system would then hold that packet back for 40 ms, until
 * our system has acknowledged the earlier packets (Nagle's algorithm with delayed
 * acknowledgements).
 */
const FIRST_BLOCKS = 8;
/** Minimum interval between two computations of the piece order. */
const ORDER_MS = 250;
/**
 * Number of bitfield checks that take about a millisecond. If computing the piece order needs more
 * checks, the order is computed less often.
 */
const CHECKS_PER_MS = 100_000;
/** Number of next pieces that are requested in random order while all peers are seeders. */
const WINDOW = 64;
/**
 * Maximum total size, in bytes, of the next pieces that are requested in random order. If pieces
 * are large, fewer of the next pieces are requested in random order.
 */
const WINDOW_BYTES = 16 * 1024 * 1024;

/**
 * Time without a complete piece after which a download of an archive's beginning requests a block from
 * two peers (ms). At once, each such block would be fetched twice, and the beginning is meant to be cheap.
 */
const PREFIX_END_GAME_MS = 5_000;

/** A range of bytes in an archive. */
export interface ByteRange {
  /** Position of the first byte. */
  start: number;
  /** Position after the last byte. */
  end: number;
}

type Watched = Omit<Torrent, "pieces" | "wires"> & {
  /** One entry for each piece, `null` once the piece is verified. */
  pieces: (object | null)[];
  wires: RequestingWire[];
};

/** Piece picker of one download. Must be created before the torrent connects to its first peer. */
export class PiecePicker {
  readonly #torrent: Watched;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Pieces of which blocks have been requested, in the order in which the pieces were begun. */
  readonly #begun = new Set<number>();
  /**
   * Order in which pieces are to be begun. Pieces that were begun or completed after the order was
   * computed are still in the order.
   */
  #order: number[] = [];
  /** Number of pieces at the start of `#order` that have all been begun or completed. */
  #passed = 0;
  #orderedMs = -Infinity;
  /** For each piece: the number of leechers that have it. */
  #leechers: number[] = [];
  /** Number of bytes at the archive's beginning that are wanted; infinite for the whole archive. */
  #wantedBytes: number;
  /** Ranges that are wanted besides the beginning. */
  readonly #wantedRanges = new Set<ByteRange>();
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
    this.#wantedBytes = wantedBytes;
    this.#verifiedMs = clock.now();
    setRequestStrategy(torrent, { askPeer: (wire) => this.#askPeer(wire) });
    torrent.on("ready", () => this.#verifiedMs = clock.now());
    torrent.on("verified", (index: number) => {
      this.#begun.delete(index);
      this.#verifiedMs = clock.now();
    });
  }

  /** Whether a piece holds any of the wanted bytes. */
  isWanted(index: number): boolean {
    const { pieceLength } = this.#torrent;
    const start = index * pieceLength;
    if (start < this.#wantedBytes) return true;
    for (const range of this.#wantedRanges) {
      if (start < range.end && range.start < start + pieceLength) return true;
    }
    return false;
  }

  /** Wants more bytes at the archive's beginning. Fewer bytes than before change nothing. */
  widen(wantedBytes: number): void {
    if (wantedBytes <= this.#wantedBytes) return;
    this.#wantedBytes = wantedBytes;
    this.#askAgain();
  }

  /** Wants ranges of bytes besides the beginning. Returns a function that takes the wish back. */
  want(ranges: readonly ByteRange[]): () => void {
    const own = ranges.map((range) => ({ ...range }));
    for (const range of own) this.#wantedRanges.add(range);
    this.#askAgain();
    return () => {
      for (const range of own) this.#wantedRanges.delete(range);
    };
  }

  #askAgain(): void {
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
    const { pieces } = this.#torrent;
    const allowed = wire.hasFast && !wire.destroyed ? wire.peerAllowedFastSet : [];
    if (allowed.length === 0) return;
    // Allowed-fast pieces are meant to help a peer that has few pieces: once we have as many pieces
    // as the peer allows, no allowed-fast piece is requested.
    if (pieces.filter((piece) => piece === null).length >= allowed.length) return;
    const speed = wire.downloadSpeed();
    if (wire.requests.length >= blocksAhead(wire, speed, MIN_AHEAD_S)) return;
    const most = blocksAhead(wire, speed, MAX_AHEAD_S);
    for (const index of allowed) if (this.#take(wire, index, most, false)) return;
  }

  #ask(wire: RequestingWire): void {
    const speed = wire.downloadSpeed();
    const isNew = wire.downloaded === 0;
    if (wire.requests.length >= (isNew ? 1 : blocksAhead(wire, speed, MIN_AHEAD_S))) return;
    const most = isNew ? atMostReqq(wire, FIRST_BLOCKS) : blocksAhead(wire, speed, MAX_AHEAD_S);
    this.#refreshOrder();
    // A piece that a leecher has is not requested from a seeder at first, so that seeders are left
    // to send the other pieces.
    const isSpared = (index: number) => wire.isSeeder && this.#leechers[index]! > 0;
    for (const index of this.#begun) {
      if (!isSpared(index) && this.#take(wire, index, most, false)) return;
    }
    const order = this.#order;
    while (this.#passed < order.length && !this.#isUntouched(order[this.#passed]!)) this.#passed++;
    for (let at = this.#passed; at < order.length; at++) {
      const index = order[at]!;
      if (this.#isUntouched(index) && this.#take(wire, index, most, false)) return;
    }
    for (const index of this.#begun) if (this.#take(wire, index, most, false)) return;
    // End game: blocks that have already been requested from slower peers are requested from this
    // peer too.
    if (!this.#mayEndGame()) return;
    for (const index of this.#begun) if (this.#take(wire, index, most, true)) return;
  }

  get #isPrefix(): boolean {
    return this.#wantedBytes !== Infinity;
  }

  #mayEndGame(): boolean {
    return !this.#isPrefix || this.#clock.now() - this.#verifiedMs >= PREFIX_END_GAME_MS;
  }

  #isUntouched(index: number): boolean {
    return this.isWanted(index) && this.#torrent.pieces[index] !== null && !this.#begun.has(index);
  }

  /**
   * Requests blocks of a piece from a peer. Returns whether the peer's request pipeline is full.
   */
  #take(wire: RequestingWire, index: number, most: number, isIdle: boolean): boolean {
    const piece = this.isWanted(index) ? this.#torrent.pieces[index] : undefined;
    if (!piece || !(isIdle || hasFreeBlock(piece)) || !wire.peerPieces.get(index)) return false;
    const torrent = this.#torrent as unknown as Torrent;
    if (requestBlocks(torrent, wire, index, most, isIdle)) this.#begun.add(index);
    return wire.requests.length >= most;
  }

  #refreshOrder(): void {
    const { pieces, wires } = this.#torrent;
    const nowMs = this.#clock.now();
    const checks = Math.max(1, pieces.length * wires.length / CHECKS_PER_MS);
    if (nowMs - this.#orderedMs < ORDER_MS * checks) return;
    this.#orderedMs = nowMs;
    this.#passed = 0;
    // Every seeder has every piece, so only leechers determine how rare a piece is.
    const others = wires.filter((wire) => !wire.isSeeder);
    this.#leechers = pieces.map((piece, index) =>
      piece === null ? 0 : others.filter(({ peerPieces }) => peerPieces.get(index)).length
    );
    const untouched = [...pieces.keys()].filter((index) => this.#isUntouched(index));
    if (this.#isPrefix) {
      this.#order = untouched;
      return;
    }
    const window = Math.max(
      1,
      Math.min(WINDOW, Math.floor(WINDOW_BYTES / this.#torrent.pieceLength)),
    );
    const groups = others.length > 0 ? this.#byRarity(untouched) : inGroupsOf(window, untouched);
    for (const group of groups) shuffle(group, this.#random);
    this.#order = groups.flat();
  }

  /** Groups pieces by the number of leechers that have them, rarest first. */
  #byRarity(indexes: readonly number[]): number[][] {
    const groups: number[][] = [];
    for (const index of indexes) (groups[this.#leechers[index]!] ??= []).push(index);
    return groups.filter((group) => group !== undefined);
  }
}

function inGroupsOf(count: number, numbers: readonly number[]): number[][] {
  return Array.from(
    { length: Math.ceil(numbers.length / count) },
    (_, n) => numbers.slice(n * count, (n + 1) * count),
  );
}

/**
 * Returns the length of a peer's request pipeline: the number of blocks that the peer sends in
 * `seconds`, plus two, up to the peer's own maximum number of requests (`reqq`).
 */
function blocksAhead(wire: RequestingWire, speed: number, seconds: number): number {
  return atMostReqq(wire, 2 + Math.ceil(seconds * speed / BLOCK_BYTES));
}
