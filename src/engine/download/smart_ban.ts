/**
 * Keeps a download going among peers that lie or stall. By itself WebTorrent asks a peer that sent a
 * wrong piece for the next one, and waits 30 seconds for one that says nothing.
 *
 * - Who alone sent a wrong piece is hung up on and not talked to again in this download. If several
 *   did, nobody is blamed; but from then on every piece is asked of one peer only, so that the next
 *   wrong one tells who it was.
 * - What a peer was asked for and does not send is asked of another that has nothing to do.
 * - Who sends more blocks than it was asked for is hung up on: they would make it seem fast.
 * - Peers that other peers name (BEP 11) wait in a line that is bounded, behind all other peers.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { Torrent, Wire } from "../libraries/mod.ts";

/** What a peer has not sent for so long, another that has nothing to do may be asked for. */
const STALLED_MS = 2_000;
/** Blocks beyond those that were asked for: what was refused or cancelled may still be on its way. */
const MAX_UNASKED = 64;
/** Peers that wait to be dialled. */
const MAX_WAITING = 500;
/** The same, for one that a peer named: each dead one may hold up the others for seconds. */
const MAX_WAITING_FOR_NAMED = 20;
/** The source of a peer that another peer named. */
const NAMED = "ut_pex";

/** A piece that is being downloaded (npm:torrent-piece). */
interface Piece {
  length: number;
  cancel(block: number): void;
}

/** A connection, with what it was asked for. */
interface AskedWire extends Wire {
  downloaded: number;
  requests: { piece: number; offset: number }[];
}

/** The parts of WebTorrent's torrent that are not public. */
interface Inner {
  pieces: (Piece | null)[];
  /** Peers that wait to be dialled. */
  _queue: { source: string | null }[];
  _reservations: ((AskedWire | null)[] | null)[];
  _addPeer(peer: unknown, type: string, source?: string): unknown;
  _hotswap(wire: AskedWire, index: number): boolean;
  _request(wire: AskedWire, index: number, hotswap: boolean): boolean;
  _update(): void;
}

/** Who alone is asked for a piece. */
interface Owner {
  wire: Wire;
  sinceMs: number;
  /** How often the piece was taken from somebody; each has twice the time of the one before. */
  changes: number;
}

/** What is known of a peer. */
interface Record {
  asked: number;
  received: number;
  /** When it last sent a block, or was asked for one while it owed none. */
  lastMs: number;
}

const BLOCK_BYTES = 16_384;
const WRONG_PIECE = /^Piece (\d+) failed verification$/;

/** Watches over one download, from before it has peers. */
export class SmartBan {
  readonly #torrent: Torrent & Inner;
  readonly #clock: Clock;
  readonly #records = new WeakMap<Wire, Record>();
  /** Who was asked for blocks of a piece and sent some. */
  readonly #senders = new Map<number, Set<Wire>>();
  /** Who alone is asked for a piece, once a wrong one had several senders. */
  readonly #owners = new Map<number, Owner>();
  readonly #banned = new Set<string>();
  #isCareful = false;

  constructor(torrent: Torrent, clock: Clock) {
    this.#torrent = torrent as Torrent & Inner;
    this.#clock = clock;
    this.#overrideRequests();
    this.#overridePeers();
    torrent.on("wire", (wire: Wire) => this.#watch(wire));
    torrent.on("verified", (index: number) => this.#forget(index));
    torrent.on("warning", (warning: Error) => {
      const index = WRONG_PIECE.exec(warning.message)?.[1];
      if (index !== undefined) this.#judge(Number(index));
    });
  }

  /** How many peers were hung up on for what they sent. */
  get bannedCount(): number {
    return this.#banned.size;
  }

  /** To be called now and then: WebTorrent looks for work only when something comes. */
  look(): void {
    if (this.#torrent.ready && !this.#torrent.done && !this.#torrent.destroyed) {
      this.#torrent._update();
    }
  }

  #overrideRequests(): void {
    const torrent = this.#torrent;
    const { _request, _hotswap } = torrent;
    torrent._request = (wire, index, hotswap) => {
      if (this.#isCareful && !this.#takes(wire, index, hotswap)) return false;
      const record = this.#records.get(wire);
      // A peer that has sent nothing yet is never asked for what others hold.
      const isAsked = _request.call(torrent, wire, index, hotswap || wire.downloaded === 0);
      if (isAsked && record) {
        if (wire.requests.length === 1) record.lastMs = this.#clock.now();
        record.asked++;
      }
      return isAsked;
    };
    torrent._hotswap = (wire, index) =>
      this.#isCareful ? false : this.#release(wire, index) || _hotswap.call(torrent, wire, index);
  }

  #overridePeers(): void {
    const torrent = this.#torrent;
    const { _addPeer } = torrent;
    torrent._addPeer = (peer, type, source) => {
      if (typeof peer === "string") {
        const most = source === NAMED ? MAX_WAITING_FOR_NAMED : MAX_WAITING;
        if (torrent._queue?.length >= most || this.#isBanned(peer)) return null;
      }
      const added = _addPeer.call(torrent, peer, type, source);
      if (source !== NAMED && torrent._queue?.at(-1) === added) this.#putBeforeNamed();
      return added;
    };
  }

  /** Moves the peer at the end of the line before those that peers have named. */
  #putBeforeNamed(): void {
    const { _queue } = this.#torrent;
    const at = _queue.findIndex(({ source }) => source === NAMED);
    if (at >= 0) _queue.splice(at, 0, _queue.pop()!);
  }

  #watch(wire: Wire): void {
    if (this.#isBanned(addressOf(wire))) return void wire.destroy();
    const record: Record = { asked: 0, received: 0, lastMs: this.#clock.now() };
    this.#records.set(wire, record);
    wire.on("piece", (index: number) => {
      record.lastMs = this.#clock.now();
      if (++record.received > record.asked + MAX_UNASKED) return this.#ban(wire);
      if (this.#torrent.pieces?.[index]) this.#sendersOf(index).add(wire);
    });
  }

  #sendersOf(index: number): Set<Wire> {
    const senders = this.#senders.get(index) ?? new Set();
    this.#senders.set(index, senders);
    return senders;
  }

  /** A piece was wrong. */
  #judge(index: number): void {
    const senders = this.#sendersOf(index);
    this.#forget(index);
    if (senders.size === 1) { for (const wire of senders) this.#ban(wire); }
    else this.#isCareful = true;
  }

  #forget(index: number): void {
    this.#senders.delete(index);
    this.#owners.delete(index);
  }

  /** Takes up to all blocks of a piece from a peer that does not send them. */
  #release(wire: AskedWire, index: number): boolean {
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

  #isStalled(wire: AskedWire): boolean {
    const record = this.#records.get(wire);
    return wire.requests.length > 0 && record !== undefined &&
      this.#clock.now() - record.lastMs > STALLED_MS;
  }

  /** Whether a peer is the one to be asked for a piece, or becomes it. */
  #takes(wire: AskedWire, index: number, isIdle: boolean): boolean {
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
    // What others sent of it is dropped: it may be wrong.
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

/** The address without the port, which a peer that dials us chooses anew each time. */
function banKey(address: string): string {
  // On this machine it is the port that tells peers apart.
  return /^(127\.|::1|::ffff:127\.)/.test(address) ? address : address.replace(/:\d+$/, "");
}
