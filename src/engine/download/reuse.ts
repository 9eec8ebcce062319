/**
 * Takes up bytes that the host has copied from other archives into a download's file.
 *
 * - A piece that lies wholly in them is read and hashed, and counts as downloaded if it is right. While it
 *   waits to be hashed, nobody is asked for it.
 * - Of a piece that lies partly in them, only the other ranges are requested. When these have arrived, the
 *   whole piece is hashed.
 * - If a piece is wrong, its reused ranges are forgotten, and it is requested whole. No peer is blamed
 *   before that, because the wrong bytes may be the reused ones. When the piece is right, a peer that had
 *   sent other bytes of it is banned, or, if no other peer has the piece, asked for blocks only.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import {
  completeStored,
  endIfComplete,
  hasFreeBlock,
  isPiece,
  isUntouched,
  markMissing,
  markStored,
  pieceBytes,
  type PieceRange,
  readStored,
  type RequestingWire,
  requestUnknown,
  requestWhole,
  type SubPiece,
  subPieceOf,
  type Torrent,
} from "../libraries/mod.ts";
import { OddRanges } from "./odd_ranges.ts";
import { byPiece, orderedRanges, type ReusedRange } from "./reused_ranges.ts";
import { WrongRanges } from "./wrong_ranges.ts";

/**
 * Number of pieces that are verified at a time: one is read while another is hashed. Each takes as much
 * memory as the piece is long, twice.
 */
const MAX_VERIFIED = 2;
/**
 * Length of the shortest range that is reused inside a piece, in bytes. A shorter range is
 * requested with the bytes around it, which costs no more than the additional request that a gap
 * would need.
 */
const MIN_KNOWN_BYTES = 256;

/**
 * Time after which a peer that sends only whole blocks is asked for whole pieces (ms). Before, such
 * a peer has nothing to send while others are to send the missing ranges.
 */
const IDLE_MS = 10_000;

/** Options of {@linkcode Reuse}. */
export interface ReuseOptions {
  clock: Clock;
  /** Called when what peers have sent of a piece is discarded, and the piece is requested whole. */
  onForgotten(index: number): void;
  /** Called when a piece was wrong. The peers have to be asked again. */
  onWrong(): void;
  /**
   * Called when a peer is found to have sent wrong bytes of a piece. Bans the peer, unless no other peer
   * has the piece.
   *
   * @param peer the key of the peer, see `peer_key.ts`
   * @returns whether the peer is banned
   */
  ban(peer: string, index: number): boolean;
}

/** The reused bytes of one download. Must be created before the torrent connects to its first peer. */
export class Reuse {
  readonly #torrent: Torrent;
  readonly #options: ReuseOptions;
  readonly #oddRanges: OddRanges;
  readonly #wrongRanges: WrongRanges;
  /** For each peer that sends only whole blocks: since when it has had nothing to send (ms). */
  readonly #idleSinceMs = new WeakMap<RequestingWire, number>();
  /** Whether such a peer has waited for too long: the others send too little. */
  #isOverdue = false;
  /** Pieces that wait to be hashed and are not requested. */
  readonly #pending = new Set<number>();
  #bytes = 0;
  #pendingBytes = 0;
  /** Pieces that wait to be verified, of which all bytes are there. */
  readonly #waiting: (() => Promise<void>)[] = [];
  /** Number of verifications that run. */
  #running = 0;
  /** Buffers of pieces that have been hashed. */
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];

  constructor(torrent: Torrent, options: ReuseOptions) {
    this.#torrent = torrent;
    this.#options = options;
    this.#oddRanges = new OddRanges(torrent, options.clock);
    this.#wrongRanges = new WrongRanges(torrent, (peer, index) => {
      if (!options.ban(peer, index)) this.#oddRanges.refuse(peer);
    });
  }

  /** Reused bytes: those of right pieces, and those that are still to be verified. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Reused bytes of missing pieces that wait to be hashed and are not requested. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Whether a piece may not be requested, because it waits to be hashed. */
  isPending(index: number): boolean {
    return this.#pending.has(index);
  }

  /**
   * Whether a peer may be asked for a piece. A piece of which some bytes are reused is requested whole from
   * a peer that sends blocks alone, if no other peer has it, or if the others keep it waiting for long.
   */
  mayRequest(wire: RequestingWire, index: number): boolean {
    const piece = subPieceOf(this.#torrent, index);
    if (!piece || this.#oddRanges.areSentBy(wire)) return true;
    // All ranges have arrived, and are being verified.
    if (piece.missing === 0) return false;
    const others = this.#torrent.wires as RequestingWire[];
    const isLeft = !hasFreeBlock(piece) ||
      others.some((other) =>
        !other.destroyed && !other.peerChoking && other.peerPieces.get(index) &&
        this.#oddRanges.areSentBy(other)
      );
    if (isLeft && !this.#hasWaitedLong(wire)) return false;
    this.#forget(index, piece);
    return true;
  }

  /** Notes that blocks or ranges of a piece were requested from a peer. */
  onRequested(wire: RequestingWire, index: number): void {
    this.#idleSinceMs.delete(wire);
    if (subPieceOf(this.#torrent, index)) this.#oddRanges.onAsked(wire, index);
  }

  /** Looks after peers that do not answer. To be called regularly. */
  update(): void {
    this.#oddRanges.update();
  }

  /**
   * Verifies the pieces that ranges of the file hold, and has the torrent take up the right ones. The
   * torrent must be ready. Resolves when all are hashed, or the torrent has ended.
   *
   * @param onBegun called when it is known what is not requested
   * @throws {EngineError} `REUSE_INVALID` before anything else is done
   */
  async take(ranges: readonly ReusedRange[], onBegun: () => void): Promise<void> {
    const torrent = this.#torrent;
    const ordered = orderedRanges(ranges, torrent.length);
    for (const { index, known } of byPiece(ordered, torrent.pieceLength)) {
      // A piece that the torrent has was written over, so it is hashed again.
      if (torrent.pieces![index] === null) this.#pending.add(index);
      else if (isUntouched(torrent, index)) this.#use(index, known);
    }
    onBegun();
    const verified = Promise.withResolvers<void>();
    let left = this.#pending.size;
    if (left === 0) return;
    // The last ones come first, so that pieces are verified in order.
    for (const index of [...this.#pending].reverse()) {
      this.#waiting.push(async () => {
        await this.#verify(index);
        if (--left === 0) verified.resolve();
      });
    }
    for (let lane = 0; lane < MAX_VERIFIED; lane++) this.#startNext();
    await verified.promise;
    endIfComplete(torrent);
  }

  /** Whether a peer that is to leave a piece to others has had nothing to send for long, now or before. */
  #hasWaitedLong(wire: RequestingWire): boolean {
    if (this.#isOverdue || wire.requests.length > 0) return this.#isOverdue;
    const nowMs = this.#options.clock.now();
    const sinceMs = this.#idleSinceMs.get(wire) ?? nowMs;
    this.#idleSinceMs.set(wire, sinceMs);
    return this.#isOverdue = nowMs - sinceMs >= IDLE_MS;
  }

  #use(index: number, ranges: readonly PieceRange[]): void {
    const lengthBytes = pieceBytes(this.#torrent, index);
    const known = ranges.filter(({ startBytes, endBytes }) =>
      endBytes - startBytes >= Math.min(MIN_KNOWN_BYTES, lengthBytes)
    );
    const knownBytes = known.reduce((sum, range) => sum + range.endBytes - range.startBytes, 0);
    if (knownBytes === 0) return;
    this.#bytes += knownBytes;
    if (knownBytes === lengthBytes) {
      this.#pending.add(index);
      this.#pendingBytes += lengthBytes;
    } else {
      requestUnknown(this.#torrent, index, known, (piece) => {
        this.#waiting.push(() => this.#complete(index, piece));
        this.#startNext();
      });
    }
  }

  /**
   * Begins one more verification, unless enough run. The pieces that peers have completed last come
   * first.
   */
  #startNext(): void {
    if (this.#running >= MAX_VERIFIED) return;
    const next = this.#waiting.pop();
    if (!next) return;
    this.#running++;
    void next().finally(() => {
      this.#running--;
      this.#startNext();
    });
  }

  /** Verifies a piece that lies wholly in reused ranges. */
  async #verify(index: number): Promise<void> {
    const torrent = this.#torrent;
    if (torrent.destroyed) return;
    const lengthBytes = pieceBytes(torrent, index);
    const buffer = this.#spare.pop() ?? new Uint8Array(torrent.pieceLength);
    const bytes = buffer.subarray(0, lengthBytes);
    const isRight = await readStored(torrent, index * torrent.pieceLength, bytes)
      .then(() => isPiece(torrent, index, bytes), () => false);
    this.#spare.push(buffer);
    if (torrent.destroyed) return;
    this.#pending.delete(index);
    const had = torrent.pieces![index] === null;
    if (!had) this.#pendingBytes -= lengthBytes;
    if (isRight && !had) markStored(torrent, index);
    if (isRight) return;
    if (had) markMissing(torrent, index);
    else this.#bytes -= lengthBytes;
    this.#options.onWrong();
  }

  /** Verifies a piece of which the other ranges have arrived. */
  async #complete(index: number, piece: SubPiece): Promise<void> {
    const isRight = await completeStored(this.#torrent, index, piece);
    if (isRight) return;
    this.#wrongRanges.add(index, piece);
    this.#forget(index, piece);
    this.#options.onWrong();
  }

  /** Has a piece requested whole. */
  #forget(index: number, piece: SubPiece): void {
    this.#bytes -= piece.knownBytes;
    requestWhole(this.#torrent, index);
    this.#options.onForgotten(index);
  }
}
