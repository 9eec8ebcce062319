/**
 * Counts the peers of a download by the stage that they reached: known, dialled, connected,
 * handshake completed, offering pieces, unchoked. The counts distinguish "no peers" from "peers
 * cannot be reached" and "peers send nothing".
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type { DialRefusal } from "../dial/mod.ts";
import type { Torrent, Wire } from "../libraries/mod.ts";

/**
 * Numbers of different peer addresses since the start of a download. Each number stops at 1,000.
 */
export interface PeerCounts {
  /** Number of peer addresses that the DHT or other peers named, or that connected to us. */
  known: number;
  /** Number of known addresses that were never dialled, because dial limits or the sandbox forbid it. */
  refused: number;
  /** Number of known addresses that were dialled. */
  tried: number;
  /** Number of addresses with which a connection was established, in either direction. */
  connected: number;
  /** Number of peers that completed the handshake for this torrent. */
  met: number;
  /** Number of peers that have at least one piece. */
  offering: number;
  /** Number of peers that unchoked us. */
  willing: number;
}

/** Maximum number of addresses remembered for each count. */
const MAX_ADDRESSES = 1_000;

/** Counts the peers of one download. Must be created before the torrent knows its first peer. */
export class PeerReach {
  readonly #torrent: Torrent;
  readonly #seen = {
    known: new Set<string>(),
    refused: new Set<string>(),
    tried: new Set<string>(),
    connected: new Set<string>(),
    met: new Set<string>(),
    offering: new Set<string>(),
    willing: new Set<string>(),
  };

  constructor(torrent: Torrent) {
    this.#torrent = torrent;
    torrent.on("peer", (address: unknown) => this.#note("known", address));
    torrent.on("blockedPeer", (address: unknown) => this.#refuse(address));
    torrent.on("refused", (address: string, why: DialRefusal) => {
      if (why === "ourselves") this.#forget(address);
      else this.#refuse(address);
    });
    torrent.on("dial", (address: string, conn: EventEmitter) => {
      this.#note("tried", address);
      conn.once("connect", () => this.#note("connected", address));
      // A dial that sandbox or gate forbid counts as refused, not as tried, because nothing was sent.
      conn.once("error", (error: Error) => {
        if (!isForbidden(error)) return;
        this.#seen.tried.delete(address);
        this.#refuse(address);
      });
    });
    torrent.on("wire", (wire: Wire, address?: string) => this.#noteHandshake(wire, address));
  }

  /** Returns the current counts. */
  counts(): PeerCounts {
    for (const wire of this.#torrent.wires) this.#checkPieces(wire);
    const { known, refused, tried, connected, met, offering, willing } = this.#seen;
    return {
      known: known.size,
      // The limits end further dials to an address that was dialled in vain.
      refused: refused.difference(tried).size,
      tried: tried.size,
      connected: connected.size,
      met: met.size,
      offering: offering.size,
      willing: willing.size,
    };
  }

  #noteHandshake(wire: Wire, address = `${wire.remoteAddress}:${wire.remotePort}`): void {
    this.#addresses.set(wire, address);
    for (const set of ["known", "connected", "met"] as const) this.#note(set, address);
    // Pieces and unchokes are counted when they are announced, because a seeder may disconnect
    // before `counts` is called.
    for (const event of ["unchoke", "bitfield", "have", "have-all"]) {
      wire.on(event, () => {
        if (event === "unchoke") this.#note("willing", address);
        else if (event !== "bitfield") this.#note("offering", address);
      });
    }
  }

  readonly #addresses = new WeakMap<Wire, string>();

  #checkPieces(wire: Wire): void {
    const pieces = this.#torrent.pieces?.length ?? 0;
    for (let i = 0; i < pieces; i++) {
      if (wire.peerPieces.get(i)) return this.#note("offering", this.#addresses.get(wire));
    }
  }

  /**
   * Forgets an address that turned out to be our own. After we have announced, the DHT returns our
   * own address too.
   */
  #forget(address: string): void {
    for (const addresses of Object.values(this.#seen)) addresses.delete(address);
  }

  #refuse(address: unknown): void {
    this.#note("known", address);
    this.#note("refused", address);
  }

  #note(set: keyof PeerCounts, address: unknown): void {
    if (typeof address !== "string" || this.#seen[set].size >= MAX_ADDRESSES) return;
    this.#seen[set].add(address);
  }
}

function isForbidden(error: Error): boolean {
  return error instanceof Deno.errors.NotCapable || error.name === "NotCapable" ||
    (error as { code?: string }).code === "ADDRESS_REFUSED";
}
