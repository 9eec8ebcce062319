/**
 * Protects a download from peers that send wrong data or stall. After a wrong piece, WebTorrent by
 * itself requests the next piece from the same peer, and it waits 30 seconds for a peer that sends
 * nothing.
 *
 * - A peer that alone sent all blocks of a wrong piece is banned from this download. If several
 *   peers sent blocks of the wrong piece, none is banned, but the download enters parole mode: each
 *   piece is requested from only one peer, so that the next wrong piece has only one sender.
 * - A peer that has sent a wrong range of a piece in which other bytes are reused is found by
 *   `wrong_ranges.ts`, and banned from this download.
 * - Blocks that a stalled or late peer does not send are requested from an idle peer.
 * - A peer that sends unrequested blocks is banned, because they would inflate its measured speed.
 * - Peers found by peer exchange (BEP 11) are queued for dialling behind all others, in a queue of
 *   limited length.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import {
  addAddressFilter,
  cancelRequests,
  lookForRequests,
  requestedPeers,
  type RequestingWire,
  restartPiece,
  setRequestPolicy,
  type Torrent,
  type Wire,
} from "../libraries/mod.ts";
import { addressKey, peerKey } from "./peer_key.ts";

/**
 * Time without a received block after which a peer counts as stalled, so that its requests may go
 * to an idle peer.
 */
const STALLED_MS = 2_000;
/**
 * Age of a peer's oldest request (ms) after which the peer counts as late, so that its requests may go
 * to an idle peer. A peer has requests for a second of its speed, so a late one has become at least
 * three times slower since. Without this limit, all other peers would wait for it at the end.
 */
const LATE_MS = 3_000;
/**
 * Maximum number of unrequested blocks that a peer may send. Some are harmless: blocks whose
 * request was cancelled may already be on their way.
 */
const MAX_UNREQUESTED = 64;

/** Owner of a piece in parole mode: the only peer from which the piece is requested. */
interface Owner {
  wire: Wire;
  sinceMs: number;
  /** Number of earlier owners that stalled. Each further owner gets twice the time of the one before. */
  changes: number;
}

/**
 * Numbers of blocks that were requested from one peer and received from that peer, to detect blocks
 * that were not requested; and the time by which a stalled peer is detected.
 */
interface PeerRecord {
  requested: number;
  received: number;
  /**
   * Time at which the last block was received, or at which the first request after an idle period
   * was sent, whichever is later.
   */
  lastMs: number;
}

const WRONG_PIECE = /^Piece (\d+) failed verification$/;

/**
 * Bans peers of one download that send wrong data, and gives the requests of stalled peers to other
 * peers. Must be created before the torrent connects to its first peer.
 */
export class SmartBan {
  readonly #torrent: Torrent;
  readonly #clock: Clock;
  readonly #records = new WeakMap<Wire, PeerRecord>();
  /** For each piece: the peers that sent blocks of it. */
  readonly #senders = new Map<number, Set<Wire>>();
  /** For each piece: its owner in parole mode. */
  readonly #owners = new Map<number, Owner>();
  readonly #banned = new Set<string>();
  #isOnParole = false;

  constructor(torrent: Torrent, clock: Clock) {
    this.#torrent = torrent;
    this.#clock = clock;
    setRequestPolicy(torrent, this);
    addAddressFilter(torrent, { admits: (address) => !this.#isBanned(address) });
    torrent.on("wire", (wire: Wire) => this.#watch(wire));
    torrent.on("verified", (index: number) => this.forget(index));
    torrent.on("warning", (warning: Error) => {
      const index = WRONG_PIECE.exec(warning.message)?.[1];
      if (index !== undefined) this.#onWrongPiece(Number(index));
    });
  }

  /**
   * Makes WebTorrent search for requests to send. To be called regularly, because WebTorrent by
   * itself searches only at events.
   */
  update(): void {
    if (this.#torrent.ready && !this.#torrent.done && !this.#torrent.destroyed) {
      lookForRequests(this.#torrent);
    }
  }

  /**
   * Whether a block that was requested from one peer may also be requested from a second peer.
   * `false` in parole mode.
   */
  get allowsHotswap(): boolean {
    return !this.#isOnParole;
  }

  /** Counts a request for a block that was just sent to a peer. */
  onRequested(wire: RequestingWire): void {
    const record = this.#records.get(wire);
    if (!record) return;
    const nowMs = this.#clock.now();
    if (wire.requests.length === 1) record.lastMs = nowMs;
    wire.requests.at(-1)!.sentMs = nowMs;
    record.requested++;
  }

  #watch(wire: Wire): void {
    if (this.#banned.has(peerKey(wire))) return void wire.destroy();
    const record: PeerRecord = { requested: 0, received: 0, lastMs: this.#clock.now() };
    this.#records.set(wire, record);
    wire.on("piece", (index: number) => {
      record.lastMs = this.#clock.now();
      if (++record.received > record.requested + MAX_UNREQUESTED) return this.#ban(wire);
      if (this.#torrent.pieces?.[index]) this.#sendersOf(index).add(wire);
    });
  }

  #sendersOf(index: number): Set<Wire> {
    const senders = this.#senders.get(index) ?? new Set();
    this.#senders.set(index, senders);
    return senders;
  }

  /**
   * Handles a piece that failed verification. If a single peer sent all blocks of the piece, bans
   * that peer; otherwise starts parole mode.
   */
  #onWrongPiece(index: number): void {
    const senders = this.#sendersOf(index);
    this.forget(index);
    if (senders.size === 1) { for (const wire of senders) this.#ban(wire); }
    else this.#isOnParole = true;
  }

  /** Forgets who has sent blocks of a piece, because they were discarded. */
  forget(index: number): void {
    this.#senders.delete(index);
    this.#owners.delete(index);
  }

  /**
   * If a stalled or late peer other than `wire` has pending requests for a piece, cancels them. Returns
   * whether there was such a peer.
   */
  releaseStalled(wire: RequestingWire, index: number): boolean {
    const peers = requestedPeers(this.#torrent, index);
    const stalled = peers.find((other) => other !== wire && this.#isStalled(other));
    if (stalled) cancelRequests(this.#torrent, index, stalled);
    return stalled !== undefined;
  }

  #isStalled(wire: RequestingWire): boolean {
    const record = this.#records.get(wire);
    const [oldest] = wire.requests;
    if (!oldest || !record) return false;
    const nowMs = this.#clock.now();
    const { sentMs = nowMs } = oldest;
    return nowMs - record.lastMs > STALLED_MS || nowMs - sentMs > LATE_MS;
  }

  /**
   * Whether blocks of a piece may be requested from a peer. In parole mode only the owner of the
   * piece may get requests; an idle or new peer becomes the owner if the piece has no owner, or if
   * the owner's time is over.
   */
  mayRequest(wire: RequestingWire, index: number, isIdle: boolean): boolean {
    if (!this.#isOnParole) return true;
    if (!this.#torrent.pieces?.[index]) return false;
    const owner = this.#owners.get(index);
    if (owner?.wire === wire) return true;
    const nowMs = this.#clock.now();
    const isIdleOrNew = isIdle || wire.downloaded === 0;
    if (owner && !owner.wire.destroyed) {
      if (!isIdleOrNew || nowMs - owner.sinceMs < STALLED_MS * 2 ** owner.changes) return false;
    }
    // The blocks that earlier owners sent are discarded, because they may be wrong.
    restartPiece(this.#torrent, index);
    this.#senders.delete(index);
    const changes = owner ? owner.changes + 1 : 0;
    this.#owners.set(index, { wire, sinceMs: nowMs, changes });
    return true;
  }

  /**
   * Bans a peer that has sent wrong bytes of a piece, unless no other peer has that piece: it may send
   * right blocks, and the download would have nobody to send them.
   *
   * @param peer the key of the peer
   * @returns whether the peer is banned
   */
  banLiar(peer: string, index: number): boolean {
    const wires = this.#torrent.wires as RequestingWire[];
    const isOther = (wire: RequestingWire) =>
      peerKey(wire) !== peer && !wire.destroyed && !wire.peerChoking && wire.peerPieces.get(index);
    if (!wires.some(isOther)) return false;
    this.#banned.add(peer);
    for (const wire of [...wires]) if (peerKey(wire) === peer) wire.destroy();
    return true;
  }

  #ban(wire: Wire): void {
    this.#banned.add(peerKey(wire));
    wire.destroy();
  }

  #isBanned(address: string): boolean {
    return this.#banned.has(addressKey(address));
  }
}
