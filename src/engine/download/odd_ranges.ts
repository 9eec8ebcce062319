/**
 * Finds peers that do not answer requests for odd ranges, which are ranges other than a block. BEP 3 allows a
 * request for any range inside a piece, but a client may accept requests for blocks only. Such a peer rejects
 * the request, ends the connection, or does not answer. A peer that answers with wrong bytes is added by
 * {@linkcode OddRanges.refuse}.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import {
  BLOCK_BYTES,
  pieceBytes,
  type RequestingWire,
  type Torrent,
  type Wire,
} from "../libraries/mod.ts";
import { peerKey } from "./peer_key.ts";

/** How long a peer may leave an odd range unanswered before it is asked for blocks only (ms). */
const PATIENCE_MS = 10_000;
/**
 * Number of blocks that a peer may send before it answers an odd range that was requested before them. A
 * peer need not answer in order.
 */
const MAX_PASSED = 16;

/** The requests for odd ranges to one peer, and what it has sent since. */
interface Record {
  /** The odd ranges that it was asked for, as {@linkcode nameOf} returns them. */
  ranges: Set<string>;
  askedMs: number;
  /** Number of requests that were pending before the first odd one. */
  before: number;
  /** Number of blocks that it has sent since, and the time of the last one. */
  blocks: number;
  lastMs: number;
}

/** The peers of one download that send no odd ranges. */
export class OddRanges {
  readonly #torrent: Torrent;
  readonly #clock: Clock;
  /** Addresses of peers that send none, or wrong ones. */
  readonly #refusing = new Set<string>();
  /** Peers that were asked for odd ranges and have sent none yet. */
  readonly #waiting = new Map<Wire, Record>();
  /** Peers that have sent one. */
  readonly #sending = new WeakSet<Wire>();

  constructor(torrent: Torrent, clock: Clock) {
    this.#torrent = torrent;
    this.#clock = clock;
    torrent.on("wire", (wire: RequestingWire) => this.#watch(wire));
  }

  /** Whether a peer may be asked for odd ranges. */
  areSentBy(wire: Wire): boolean {
    return !this.#refusing.has(peerKey(wire));
  }

  /** Notes that a peer was asked for ranges of a piece. */
  onAsked(wire: RequestingWire, index: number): void {
    if (this.#sending.has(wire)) return;
    const nowMs = this.#clock.now();
    wire.requests.forEach(({ piece, offset, length }, before) => {
      if (piece !== index || !this.#isOdd(index, offset, length)) return;
      const record = this.#waiting.get(wire) ??
        { ranges: new Set(), askedMs: nowMs, before, blocks: 0, lastMs: nowMs };
      record.ranges.add(nameOf(index, offset, length));
      this.#waiting.set(wire, record);
    });
  }

  /** Asks a peer for no more odd ranges, because it has sent wrong ones. */
  refuse(peer: string): void {
    this.#refusing.add(peer);
    for (const wire of this.#torrent.wires as RequestingWire[]) {
      if (peerKey(wire) === peer) this.#refuse(wire);
    }
  }

  /** Looks for peers that do not answer. To be called regularly. */
  update(): void {
    const nowMs = this.#clock.now();
    for (const [wire, { askedMs, before, blocks, lastMs }] of this.#waiting) {
      if (nowMs - askedMs < PATIENCE_MS) continue;
      const hasPassed = blocks > before + MAX_PASSED;
      if (hasPassed || nowMs - lastMs >= PATIENCE_MS) this.#refuse(wire as RequestingWire);
    }
  }

  #watch(wire: RequestingWire): void {
    wire.on("piece", (index: number, offset: number, block: Uint8Array) => {
      const record = this.#waiting.get(wire);
      if (!record) return;
      if (record.ranges.has(nameOf(index, offset, block.length))) {
        this.#waiting.delete(wire);
        this.#sending.add(wire);
      }
      record.blocks++;
      record.lastMs = this.#clock.now();
    });
    wire.on("reject", (index: number, offset: number, length: number) => {
      // A peer that chokes us refuses everything.
      if (!wire.peerChoking && this.#isOdd(index, offset, length)) this.#refuse(wire);
    });
    wire.on("choke", () => {
      // npm:bittorrent-protocol emits this event when a connection ends, too.
      if (!wire.isEnding) this.#waiting.delete(wire);
    });
    wire.once("close", () => {
      if (this.#waiting.has(wire)) this.#refuse(wire);
    });
  }

  #refuse(wire: RequestingWire): void {
    this.#waiting.delete(wire);
    this.#refusing.add(peerKey(wire));
    for (const { piece, offset, length } of [...wire.requests]) {
      if (this.#isOdd(piece, offset, length)) wire.cancel(piece, offset, length);
    }
  }

  #isOdd(index: number, offset: number, length: number): boolean {
    const rest = pieceBytes(this.#torrent, index) - offset;
    return offset % BLOCK_BYTES !== 0 || length !== Math.min(BLOCK_BYTES, rest);
  }
}

function nameOf(index: number, offset: number, length: number): string {
  return `${index} ${offset} ${length}`;
}
