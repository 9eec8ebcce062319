/**
 * How far a download has come with the peers that it knows: named, dialled, connected, speaking. Tells
 * "there is nobody" from "they cannot be reached" and "they send nothing".
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type { DialRefusal } from "../dial/mod.ts";
import type { Torrent, Wire } from "../libraries/mod.ts";

/** Peers of a download, each address counted once, since its start; up to 1,000 each. */
export interface PeerCounts {
  /** Addresses that somebody named, or that connected to us. */
  known: number;
  /** Of these, addresses or ports that are not dialled. */
  refused: number;
  /** Dialled. */
  tried: number;
  /** The connection stood, whoever opened it. */
  connected: number;
  /** It answered with a handshake for this torrent. */
  met: number;
  /** It said that it has pieces. */
  offering: number;
  /** It let us ask for them (it unchoked us). */
  willing: number;
}

const MAX_ADDRESSES = 1_000;

/** Watches over one download, from before it has peers. */
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
      // What the sandbox does not let through never left this machine.
      conn.once("error", (error: Error) => {
        if (!isForbidden(error)) return;
        this.#seen.tried.delete(address);
        this.#refuse(address);
      });
    });
    torrent.on("wire", (wire: Wire, address?: string) => this.#meet(wire, address));
  }

  /** How many there are of each. */
  counts(): PeerCounts {
    for (const wire of this.#torrent.wires) this.#look(wire);
    const { known, refused, tried, connected, met, offering, willing } = this.#seen;
    return {
      known: known.size,
      refused: refused.size,
      tried: tried.size,
      connected: connected.size,
      met: met.size,
      offering: offering.size,
      willing: willing.size,
    };
  }

  #meet(wire: Wire, address = `${wire.remoteAddress}:${wire.remotePort}`): void {
    this.#addresses.set(wire, address);
    for (const set of ["known", "connected", "met"] as const) this.#note(set, address);
    // A seeder may hang up before anybody counts.
    for (const event of ["unchoke", "bitfield", "have", "have-all"]) {
      wire.on(event, () => {
        if (event === "unchoke") this.#note("willing", address);
        else if (event !== "bitfield") this.#note("offering", address);
      });
    }
  }

  readonly #addresses = new WeakMap<Wire, string>();

  #look(wire: Wire): void {
    const pieces = this.#torrent.pieces?.length ?? 0;
    for (let i = 0; i < pieces; i++) {
      if (wire.peerPieces.get(i)) return this.#note("offering", this.#addresses.get(wire));
    }
  }

  /** The DHT names us too, once we have announced the download. */
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
  return error instanceof Deno.errors.NotCapable || error.name === "NotCapable";
}
