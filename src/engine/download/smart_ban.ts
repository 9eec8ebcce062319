/**
 * Protects a download from peers that lie or stall. WebTorrent by itself requests the next piece from a
 * peer that sent a wrong one, and waits 30 seconds for a peer that sends nothing.
 *
 * - The only sender of a wrong piece is banned from this download. If a wrong piece had several senders,
 *   none is banned, but the download goes into parole mode: each piece is requested from one peer only,
 *   so that the next wrong piece has one sender.
 * - Blocks that a peer has stalled on are requested from an idle peer.
 * - A peer that sends unrequested blocks is banned, because they would inflate its measured speed.
 * - Peers named by other peers (BEP 11) are queued behind all others, in a bounded queue.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { Torrent, Wire } from "../libraries/mod.ts";

/** Time without a block after which a peer's requests may go to an idle peer. */
const STALLED_MS = 2_000;
/** Unrequested blocks that are tolerated, because cancelled ones may still be on their way. */
const MAX_UNREQUESTED = 64;
/** Maximum number of peers queued for dialling. */
const MAX_WAITING = 500;
/** Queue length up to which peers named by peers are added; each dead one may delay the others for seconds. */
const MAX_WAITING_FOR_PEX = 20;
/** WebTorrent's source label of peers named by other peers (peer exchange). */
const PEX_SOURCE = "ut_pex";

/** A piece that is being downloaded (npm:torrent-piece). */
interface Piece {
  length: number;
  cancel(block: number): void;
}

/** A connection with its requests. */
interface RequestingWire extends Wire {
  downloaded: number;
  requests: { piece: number; offset: number }[];
}

/** Private members of WebTorrent's torrent. */
interface Inner {
  pieces: (Piece | null)[];
  /** Peers queued for dialling. */
  _queue: { source: string | null }[];
  _reservations: ((RequestingWire | null)[] | null)[];
  _addPeer(peer: unknown, type: string, source?: string): unknown;
  _hotswap(wire: RequestingWire, index: number): boolean;
  _request(wire: RequestingWire, index: number, hotswap: boolean): boolean;
  _update(): void;
}

/** In parole mode, the one peer that a piece is requested from. */
interface Owner {
  wire: Wire;
  sinceMs: number;
  /** Number of earlier owners that stalled; each new owner gets twice the time. */
  changes: number;
}

/** Statistics of one peer. */
interface PeerRecord {
  requested: number;
  received: number;
  /** Time of its last block, or of the first request after an idle period. */
  lastMs: number;
}

const BLOCK_BYTES = 16_384;
const WRONG_PIECE = /^Piece (\d+) failed verification$/;

/** Watches one download, from before it has peers. */
export class SmartBan {
  readonly #torrent: Torrent & Inner;
  readonly #clock: Clock;
  readonly #records = new WeakMap<Wire, PeerRecord>();
  /** Peers that sent requested blocks of each piece. */
  readonly #senders = new Map<number, Set<Wire>>();
  /** Owner of each piece, in parole mode. */
  readonly #owners = new Map<number, Owner>();
  readonly #banned = new Set<string>();
  #isOnParole = false;

  constructor(torrent: Torrent, clock: Clock) {
    this.#torrent = torrent as Torrent & Inner;
    this.#clock = clock;
    this.#overrideRequests();
    this.#overridePeers();
    torrent.on("wire", (wire: Wire) => this.#watch(wire));
    torrent.on("verified", (index: number) => this.#forget(index));
    torrent.on("warning", (warning: Error) => {
      const index = WRONG_PIECE.exec(warning.message)?.[1];
      if (index !== undefined) this.#onWrongPiece(Number(index));
    });
  }

  /** Number of banned peers. */
  get bannedCount(): number {
    return this.#banned.size;
  }

  /** Makes WebTorrent look for requests to send; called regularly, since it does so only at events. */
  update(): void {
    if (this.#torrent.ready && !this.#torrent.done && !this.#torrent.destroyed) {
      this.#torrent._update();
    }
  }

  #overrideRequests(): void {
    const torrent = this.#torrent;
    const { _request, _hotswap } = torrent;
    torrent._request = (wire, index, hotswap) => {
      if (this.#isOnParole && !this.#mayRequest(wire, index, hotswap)) return false;
      const record = this.#records.get(wire);
      // Without this, WebTorrent never hotswaps to a peer that has sent nothing yet.
      const isRequested = _request.call(torrent, wire, index, hotswap || wire.downloaded === 0);
      if (isRequested && record) {
        if (wire.requests.length === 1) record.lastMs = this.#clock.now();
        record.requested++;
      }
      return isRequested;
    };
    torrent._hotswap = (wire, index) =>
      this.#isOnParole
        ? false
        : this.#releaseStalled(wire, index) || _hotswap.call(torrent, wire, index);
  }

  #overridePeers(): void {
    const torrent = this.#torrent;
    const { _addPeer } = torrent;
    torrent._addPeer = (peer, type, source) => {
      if (typeof peer === "string") {
        const most = source === PEX_SOURCE ? MAX_WAITING_FOR_PEX : MAX_WAITING;
        if (torrent._queue?.length >= most || this.#isBanned(peer)) return null;
      }
      const added = _addPeer.call(torrent, peer, type, source);
      if (source !== PEX_SOURCE && torrent._queue?.at(-1) === added) this.#putBeforePexPeers();
      return added;
    };
  }

  /** Moves the last peer of the queue before the peers named by other peers. */
  #putBeforePexPeers(): void {
    const { _queue } = this.#torrent;
    const at = _queue.findIndex(({ source }) => source === PEX_SOURCE);
    if (at >= 0) _queue.splice(at, 0, _queue.pop()!);
  }

  #watch(wire: Wire): void {
    if (this.#isBanned(addressOf(wire))) return void wire.destroy();
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

  /** Handles a piece that failed verification: bans its only sender, or starts parole mode. */
  #onWrongPiece(index: number): void {
    const senders = this.#sendersOf(index);
    this.#forget(index);
    if (senders.size === 1) { for (const wire of senders) this.#ban(wire); }
    else this.#isOnParole = true;
  }

  #forget(index: number): void {
    this.#senders.delete(index);
    this.#owners.delete(index);
  }

  /** Cancels the requests for a piece at one stalled peer; returns whether there was one. */
  #releaseStalled(wire: RequestingWire, index: number): boolean {
    const reserved = this.#torrent._reservations[index];
    const piece = this.#torrent.pieces[index];
    const stalled = reserved?.find((other) => other && other !== wire && this.#isStalled(other));
    if (!reserved || !piece || !stalled) return false;
    reserved.forEach((other, i) => {
      if (other === stalled) reserved[i] = null;
    });
    for (const request of stalled.requests) {
      if (request.piece === index) piece.cancel(Math.floor(request.offset / BLOCK_BYTES));
    }
    return true;
  }

  #isStalled(wire: RequestingWire): boolean {
    const record = this.#records.get(wire);
    return wire.requests.length > 0 && record !== undefined &&
      this.#clock.now() - record.lastMs > STALLED_MS;
  }

  /** In parole mode: whether a peer owns a piece, or may become its owner. */
  #mayRequest(wire: RequestingWire, index: number, isIdle: boolean): boolean {
    const { pieces, _reservations } = this.#torrent;
    const piece = pieces[index];
    if (!piece) return false;
    const owner = this.#owners.get(index);
    if (owner?.wire === wire) return true;
    const nowMs = this.#clock.now();
    const isIdleOrNew = isIdle || wire.downloaded === 0;
    if (owner && !owner.wire.destroyed) {
      if (!isIdleOrNew || nowMs - owner.sinceMs < STALLED_MS * 2 ** owner.changes) return false;
    }
    // Blocks from other senders are discarded, because they may be wrong.
    pieces[index] = new (piece.constructor as new (length: number) => Piece)(piece.length);
    _reservations[index] = [];
    this.#senders.delete(index);
    const changes = owner ? owner.changes + 1 : 0;
    this.#owners.set(index, { wire, sinceMs: nowMs, changes });
    return true;
  }

  #ban(wire: Wire): void {
    this.#banned.add(banKey(addressOf(wire)));
    wire.destroy();
  }

  #isBanned(address: string): boolean {
    return this.#banned.has(banKey(address));
  }
}

function addressOf({ remoteAddress, remotePort }: Wire): string {
  return `${remoteAddress}:${remotePort}`;
}

/** Key of a ban: the address without the port, which changes with each connection from the peer. */
function banKey(address: string): string {
  // Peers on this machine differ only by port.
  return /^(127\.|::1|::ffff:127\.)/.test(address) ? address : address.replace(/:\d+$/, "");
}
