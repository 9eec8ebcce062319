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
import {
  addAddressFilter,
  cancelRequests,
  lookForRequests,
  PEX_SOURCE,
  requestedPeers,
  type RequestingWire,
  restartPiece,
  setRequestPolicy,
  type Torrent,
  type Wire,
} from "../libraries/mod.ts";

/** Time without a block after which a peer's requests may go to an idle peer. */
const STALLED_MS = 2_000;
/** Unrequested blocks that are tolerated, because cancelled ones may still be on their way. */
const MAX_UNREQUESTED = 64;
/** Maximum number of peers queued for dialling. */
const MAX_WAITING = 500;
/** Queue length up to which peers named by peers are added; each dead one may delay the others for seconds. */
const MAX_WAITING_FOR_PEX = 20;

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

const WRONG_PIECE = /^Piece (\d+) failed verification$/;

/** Watches one download, from before it has peers. */
export class SmartBan {
  readonly #torrent: Torrent;
  readonly #clock: Clock;
  readonly #records = new WeakMap<Wire, PeerRecord>();
  /** Peers that sent requested blocks of each piece. */
  readonly #senders = new Map<number, Set<Wire>>();
  /** Owner of each piece, in parole mode. */
  readonly #owners = new Map<number, Owner>();
  readonly #banned = new Set<string>();
  #isOnParole = false;

  constructor(torrent: Torrent, clock: Clock) {
    this.#torrent = torrent;
    this.#clock = clock;
    setRequestPolicy(torrent, this);
    addAddressFilter(torrent, {
      admits: (address, source, waiting) => {
        const most = source === PEX_SOURCE ? MAX_WAITING_FOR_PEX : MAX_WAITING;
        return waiting < most && !this.#isBanned(address);
      },
    });
    torrent.on("wire", (wire: Wire) => this.#watch(wire));
    torrent.on("verified", (index: number) => this.#forget(index));
    torrent.on("warning", (warning: Error) => {
      const index = WRONG_PIECE.exec(warning.message)?.[1];
      if (index !== undefined) this.#onWrongPiece(Number(index));
    });
  }

  /** Makes WebTorrent look for requests to send; called regularly, since it does so only at events. */
  update(): void {
    if (this.#torrent.ready && !this.#torrent.done && !this.#torrent.destroyed) {
      lookForRequests(this.#torrent);
    }
  }

  /** Whether a requested block may be requested from a second peer; in parole mode none may. */
  get allowsHotswap(): boolean {
    return !this.#isOnParole;
  }

  /** Counts a request that was sent. */
  onRequested(wire: RequestingWire): void {
    const record = this.#records.get(wire);
    if (!record) return;
    if (wire.requests.length === 1) record.lastMs = this.#clock.now();
    record.requested++;
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
  releaseStalled(wire: RequestingWire, index: number): boolean {
    const peers = requestedPeers(this.#torrent, index);
    const stalled = peers.find((other) => other !== wire && this.#isStalled(other));
    if (stalled) cancelRequests(this.#torrent, index, stalled);
    return stalled !== undefined;
  }

  #isStalled(wire: RequestingWire): boolean {
    const record = this.#records.get(wire);
    return wire.requests.length > 0 && record !== undefined &&
      this.#clock.now() - record.lastMs > STALLED_MS;
  }

  /** Whether blocks of a piece may be requested from a peer. In parole mode the peer has to be its owner. */
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
    // Blocks from other senders are discarded, because they may be wrong.
    restartPiece(this.#torrent, index);
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
