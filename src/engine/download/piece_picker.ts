/**
 * Piece picker: chooses the blocks that a download requests. It replaces npm:webtorrent's, which requests
 * pieces in order from all peers, so that simultaneous downloads hold the same pieces and have nothing to
 * exchange. The library's own rarest-first mode searches all pieces for each request, and begins a new
 * piece each time.
 *
 * - Pieces that have begun are finished first, because only a complete piece can be passed on.
 * - While all peers are seeders, pieces are requested nearly in order, so that the archive can be verified
 *   behind the download. Some randomness lets downloads that meet later exchange pieces.
 * - With leechers among the peers, the piece that the fewest leechers have comes first (rarest first);
 *   ties are broken at random.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import {
  atMostReqq,
  BLOCK_BYTES,
  hasFreeBlock,
  requestBlocks,
  type RequestingWire,
  setRequestStrategy,
  type Torrent,
} from "../libraries/mod.ts";

/** Request pipeline, in seconds of the peer's speed, below which it is refilled. */
const MIN_AHEAD_S = 0.5;
/** Request pipeline, in seconds of the peer's speed, to which it is refilled. */
const MAX_AHEAD_S = 1;
/**
 * Blocks requested from a peer that has sent nothing yet. With fewer, the reply may not fill its last
 * packet, which the peer's system delays until ours has acknowledged the others, for 40 ms (Nagle's
 * algorithm with delayed acknowledgements).
 */
const FIRST_BLOCKS = 8;
/** Minimum interval between two computations of the order. */
const ORDER_MS = 250;
/** Number of bitfield checks that take about a millisecond; with more, the order is computed less often. */
const CHECKS_PER_MS = 100_000;
/** Pieces that are requested in random order while all peers are seeders. */
const WINDOW = 64;
/** Maximum size of that window, for large pieces. */
const WINDOW_BYTES = 16 * 1024 * 1024;

type Watched = Omit<Torrent, "pieces" | "wires"> & {
  /** `null` for each verified piece. */
  pieces: (object | null)[];
  wires: RequestingWire[];
};

/** Piece picker of one download, created before it has peers. */
export class PiecePicker {
  readonly #torrent: Watched;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Pieces with requested blocks, in the order in which they were begun. */
  readonly #begun = new Set<number>();
  /** Order in which further pieces are begun. Pieces begun or completed since are still in it. */
  #order: number[] = [];
  /** Number of pieces at the start of the order that need no more attention. */
  #passed = 0;
  #orderedMs = -Infinity;
  /** Number of leechers that have each piece. */
  #leechers: number[] = [];

  /** @param random returns numbers from 0 to below 1 */
  constructor(torrent: Torrent, clock: Clock, random: () => number) {
    this.#torrent = torrent as Watched;
    this.#clock = clock;
    this.#random = random;
    setRequestStrategy(torrent, { askPeer: (wire) => this.#askPeer(wire) });
    torrent.on("verified", (index: number) => this.#begun.delete(index));
  }

  #askPeer(wire: RequestingWire): void {
    if (wire.peerChoking) this.#askAllowedFast(wire);
    else if (this.#torrent.ready && !wire.destroyed) this.#ask(wire);
  }

  /** Requests blocks that a choking peer allows nevertheless (allowed fast, BEP 6). */
  #askAllowedFast(wire: RequestingWire): void {
    const { pieces } = this.#torrent;
    const allowed = wire.hasFast && !wire.destroyed ? wire.peerAllowedFastSet : [];
    if (allowed.length === 0) return;
    // Allowed-fast pieces are for a peer that has little to exchange yet.
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
    // Seeders are not asked for pieces that a leecher has.
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
    // End game: blocks that slower peers have been asked for.
    for (const index of this.#begun) if (this.#take(wire, index, most, true)) return;
  }

  #isUntouched(index: number): boolean {
    return this.#torrent.pieces[index] !== null && !this.#begun.has(index);
  }

  /** Requests blocks of a piece; returns whether the peer's pipeline is full. */
  #take(wire: RequestingWire, index: number, most: number, isIdle: boolean): boolean {
    const piece = this.#torrent.pieces[index];
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
    // Seeders have every piece, so only leechers make a difference.
    const others = wires.filter((wire) => !wire.isSeeder);
    this.#leechers = pieces.map((piece, index) =>
      piece === null ? 0 : others.filter(({ peerPieces }) => peerPieces.get(index)).length
    );
    const untouched = [...pieces.keys()].filter((index) => this.#isUntouched(index));
    const window = Math.max(
      1,
      Math.min(WINDOW, Math.floor(WINDOW_BYTES / this.#torrent.pieceLength)),
    );
    const groups = others.length > 0 ? this.#byRarity(untouched) : inGroupsOf(window, untouched);
    for (const group of groups) this.#shuffle(group);
    this.#order = groups.flat();
  }

  /** Groups of pieces by number of leechers that have them, rarest first. */
  #byRarity(indexes: readonly number[]): number[][] {
    const groups: number[][] = [];
    for (const index of indexes) (groups[this.#leechers[index]!] ??= []).push(index);
    return groups.filter((group) => group !== undefined);
  }

  #shuffle(numbers: number[]): void {
    for (let last = numbers.length - 1; last > 0; last--) {
      const at = Math.floor(this.#random() * (last + 1));
      const number = numbers[at]!;
      numbers[at] = numbers[last]!;
      numbers[last] = number;
    }
  }
}

function inGroupsOf(count: number, numbers: readonly number[]): number[][] {
  return Array.from(
    { length: Math.ceil(numbers.length / count) },
    (_, n) => numbers.slice(n * count, (n + 1) * count),
  );
}

/** Blocks that a peer sends in some seconds, plus two, up to the peer's own limit of requests (`reqq`). */
function blocksAhead(wire: RequestingWire, speed: number, seconds: number): number {
  return atMostReqq(wire, 2 + Math.ceil(seconds * speed / BLOCK_BYTES));
}
