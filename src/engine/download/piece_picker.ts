/**
 * Chooses which blocks a download asks its peers for, in place of npm:webtorrent, which asks all peers
 * for the pieces in order: those who download at the same time would hold the same ones and have
 * nothing to give to each other. Its own rarest-first begins a new piece with each request and looks
 * through all of them for it.
 *
 * - What has begun is finished first: before, a piece is of use to nobody.
 * - While all peers have everything, pieces are asked for nearly in order: the archive is verified behind
 *   the download. Not quite in order, so that those who meet later have something to give.
 * - When some have not, the pieces come first that the fewest of them have; of equals, any.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { Torrent, Wire } from "../libraries/mod.ts";

/** A piece that is being downloaded (npm:torrent-piece). */
interface Piece {
  /** Blocks that were asked for and will not come. */
  _cancellations: number[] | null;
  /** Blocks that were asked for, from the first on. */
  _reservations: number;
  _chunks: number;
}

/** A connection, with what was asked for. */
interface AskedWire extends Wire {
  peerChoking: boolean;
  /** Bytes of blocks. */
  downloaded: number;
  requests: unknown[];
  /** What the peer said of itself (BEP 10). */
  peerExtendedHandshake?: { reqq?: unknown };
  /** Bytes a second. */
  downloadSpeed(): number;
}

/** The parts of WebTorrent's torrent that are not public. */
interface Inner {
  /** `null` once it is there. */
  pieces: (Piece | null)[];
  wires: AskedWire[];
  _request(wire: AskedWire, index: number, hotswap: boolean): boolean;
  _updateWire(wire: AskedWire): void;
}

const BLOCK_BYTES = 16_384;
/** A peer is asked for what it sends in so many seconds, as soon as less is asked for than this. */
const LEAST_AHEAD_S = 0.5;
const MOST_AHEAD_S = 1;
/**
 * What somebody is asked for who has sent nothing yet. Fewer may not fill a packet, and the peer's system
 * holds back the end of what does not until ours has acknowledged the beginning, which takes 40 ms.
 */
const FIRST_BLOCKS = 8;
/** How often the order is made anew, at most. */
const ORDER_MS = 250;
/** As many looks at what a peer has take about a millisecond: the order of more is made less often. */
const LOOKS_AT_ONCE = 100_000;
/** Pieces that are asked for in any order while all peers have everything; fewer when they are large. */
const NEAR = 64;
const NEAR_BYTES = 16 * 1024 * 1024;

type Watched = Omit<Torrent, keyof Inner> & Inner;

/** Chooses for one download, from before it has peers. */
export class PiecePicker {
  readonly #torrent: Watched;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Pieces of which blocks were asked for, those first that were begun first. */
  readonly #begun = new Set<number>();
  /** The others in the order in which they are begun; some have been begun or come since. */
  #order: number[] = [];
  /** How many at the start of the order are to be begun no more. */
  #passed = 0;
  #orderedMs = -Infinity;
  /** Of each piece, how many have it who have not everything. */
  #holders: number[] = [];

  /** @param random at least 0 and less than 1 */
  constructor(torrent: Torrent, clock: Clock, random: () => number) {
    this.#torrent = torrent as Watched;
    this.#clock = clock;
    this.#random = random;
    const { _updateWire } = this.#torrent;
    this.#torrent._updateWire = (wire) => {
      // What a peer lets us ask for nevertheless (BEP 6).
      if (wire.peerChoking) _updateWire.call(torrent, wire);
      else if (torrent.ready && !wire.destroyed) this.#ask(wire);
    };
    torrent.on("verified", (index: number) => this.#begun.delete(index));
  }

  #ask(wire: AskedWire): void {
    const speed = wire.downloadSpeed();
    const isNew = wire.downloaded === 0;
    if (wire.requests.length >= (isNew ? 1 : blocksAhead(wire, speed, LEAST_AHEAD_S))) return;
    const most = isNew ? atMostReqq(wire, FIRST_BLOCKS) : blocksAhead(wire, speed, MOST_AHEAD_S);
    this.#refreshOrder();
    // Who has everything is asked for what nobody else has.
    const isSpared = (index: number) => wire.isSeeder && this.#holders[index]! > 0;
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
    // Others may have been asked for it, and be slower.
    for (const index of this.#begun) if (this.#take(wire, index, most, true)) return;
  }

  #isUntouched(index: number): boolean {
    return this.#torrent.pieces[index] !== null && !this.#begun.has(index);
  }

  /** @returns whether the peer has been asked for as much as it may be */
  #take(wire: AskedWire, index: number, most: number, isIdle: boolean): boolean {
    const piece = this.#torrent.pieces[index];
    if (!piece || !(isIdle || hasFree(piece)) || !wire.peerPieces.get(index)) return false;
    const { downloadSpeed } = wire;
    // WebTorrent reckons anew for each block how many there may be. Whoever swaps needs the true speed.
    const enough = most * BLOCK_BYTES;
    if (!isIdle) wire.downloadSpeed = () => enough;
    try {
      while (wire.requests.length < most && this.#torrent._request(wire, index, isIdle)) {
        this.#begun.add(index);
      }
    } finally {
      wire.downloadSpeed = downloadSpeed;
    }
    return wire.requests.length >= most;
  }

  #refreshOrder(): void {
    const { pieces, wires } = this.#torrent;
    const nowMs = this.#clock.now();
    const looks = Math.max(1, pieces.length * wires.length / LOOKS_AT_ONCE);
    if (nowMs - this.#orderedMs < ORDER_MS * looks) return;
    this.#orderedMs = nowMs;
    this.#passed = 0;
    // Those who have everything have all pieces alike.
    const others = wires.filter((wire) => !wire.isSeeder);
    this.#holders = pieces.map((piece, index) =>
      piece === null ? 0 : others.filter(({ peerPieces }) => peerPieces.get(index)).length
    );
    const untouched = [...pieces.keys()].filter((index) => this.#isUntouched(index));
    const near = Math.max(1, Math.min(NEAR, Math.floor(NEAR_BYTES / this.#torrent.pieceLength)));
    const groups = others.length > 0 ? this.#byHolders(untouched) : inGroupsOf(near, untouched);
    for (const group of groups) this.#shuffle(group);
    this.#order = groups.flat();
  }

  /** Those first that the fewest have. */
  #byHolders(indexes: readonly number[]): number[][] {
    const groups: number[][] = [];
    for (const index of indexes) (groups[this.#holders[index]!] ??= []).push(index);
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

function hasFree({ _cancellations, _reservations, _chunks }: Piece): boolean {
  return _reservations < _chunks || (_cancellations !== null && _cancellations.length > 0);
}

/** Blocks that a peer sends in so many seconds, and a few; no more than it says that it will keep in mind. */
function blocksAhead(wire: AskedWire, speed: number, seconds: number): number {
  return atMostReqq(wire, 2 + Math.ceil(seconds * speed / BLOCK_BYTES));
}

function atMostReqq({ peerExtendedHandshake }: AskedWire, blocks: number): number {
  const reqq = peerExtendedHandshake?.reqq;
  return typeof reqq === "number" && reqq > 0 ? Math.min(blocks, reqq) : blocks;
}
