/**
 * A swarm without content: connections of npm:webtorrent to peers of an infohash that belongs to no
 * torrent. There are no metadata and no pieces, and npm:webtorrent's client does not know the swarm. Its
 * connections do all that connections of torrents do up to the handshake: TCP and uTP, encryption, the
 * budget of dials, the gate.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import Peer from "webtorrent/lib/peer.js";
import type { ExtensionClass } from "../extensions/mod.ts";
import { type Dialling, dialPeer, type Waiting } from "./dialling.ts";
import { take } from "./handshake.ts";
import type { Client, Torrent, Wire } from "./webtorrent_types.ts";

/** A connection to a peer of a swarm without content, once the handshake is over. */
export interface SwarmWire extends Wire {
  /** Adds an extension (BEP 10). To be called in {@linkcode ContentlessSwarmOptions.onWire}. */
  use(extension: ExtensionClass<SwarmWire>): void;
  /** Sends a message of an extension that the peer has named in its extended handshake. */
  extended(name: string, message: Uint8Array): void;
  extendedHandshake: Record<string, unknown>;
  peerExtendedMapping: Record<string, number>;
}

/** Options of {@linkcode ContentlessSwarm}. */
export interface ContentlessSwarmOptions {
  client: Client;
  /** Infohash of the swarm, 40 hexadecimal digits. */
  infoHashHex: string;
  /** Called with each connection whose handshake is over, before our extended handshake is sent. */
  onWire: (wire: SwarmWire, address: string) => void;
  /**
   * Called with each peer that has dialled us for this swarm.
   *
   * @param close closes the connection
   * @returns whether the connection is kept
   */
  admits?: (host: string, close: () => void) => boolean;
  /** Called with the number of bytes that a peer (`HOST:PORT`) has sent. */
  onBytes?: (address: string, bytes: number) => void;
  /** Called when the connection to a peer (`HOST:PORT`), or the dial, has ended. */
  onEnd?: (address: string) => void;
}

/** The members of npm:webtorrent's peer that a swarm calls. */
type SwarmPeer = Waiting & EventEmitter & { connected: boolean };

const Peers = Peer as unknown as {
  createTCPOutgoingPeer(
    address: string,
    swarm: unknown,
    throttleGroups: unknown,
    source: string | null,
    secure: number,
  ): SwarmPeer;
};

/** Peers of an infohash that belongs to no torrent. The members are those that npm:webtorrent calls. */
export class ContentlessSwarm extends EventEmitter implements Dialling {
  readonly infoHash: string;
  /** Obfuscated infohash, which an encrypted handshake names; 40 hexadecimal digits. */
  readonly infoHashHash: string;
  readonly client: Dialling["client"];
  readonly wires: Wire[] = [];
  readonly paused = false;
  readonly dialsOnce = true;
  destroyed = false;
  isHeld = false;
  _queue: SwarmPeer[] = [];
  _peers = new Map<string, SwarmPeer>();
  _numConns = 0;
  _numPending = 0;
  readonly #options: ContentlessSwarmOptions;

  constructor(options: ContentlessSwarmOptions) {
    super();
    this.#options = options;
    this.infoHash = options.infoHashHex;
    this.infoHashHash = obfuscatedInfoHash(options.infoHashHex);
    this.client = options.client as unknown as Dialling["client"];
  }

  /** Our peer id; npm:webtorrent closes a connection to ourselves by it. */
  get peerId(): string {
    return (this.#options.client as unknown as { peerId: string }).peerId;
  }

  /** The swarm as what the client returns for a handshake with this infohash. */
  asTorrent(): Torrent {
    return this as unknown as Torrent;
  }

  /**
   * Dials a peer (`HOST:PORT`) once.
   *
   * @returns whether it was dialled; an address that the budget of dials refuses is not
   */
  dial(address: string): boolean {
    const { dials } = this.client;
    if (this.destroyed || this._peers.has(address)) return false;
    if (dials?.refusal(address) || dials?.mustWait(address)) return false;
    this._addPeer(address);
    this._drain();
    return true;
  }

  /** Ends the dial to a peer (`HOST:PORT`) unless it is connected; returns whether it is. */
  giveUp(address: string): boolean {
    const peer = this._peers.get(address);
    if (!peer) return false;
    if (peer.connected) return true;
    peer.destroy();
    return false;
  }

  /** Closes the connection to a peer (`HOST:PORT`). */
  close(address: string): void {
    this._peers.get(address)?.destroy();
  }

  /** Closes all connections. */
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    for (const peer of [...this._peers.values()]) peer.destroy();
    this.emit("close");
  }

  /** Called when a peer is dialled in another form, too. */
  _addPeer(address: unknown): SwarmPeer {
    const { throttleGroups, secure } = this.#options.client as unknown as Record<string, unknown>;
    const text = address as string;
    const peer = Peers.createTCPOutgoingPeer(text, this, throttleGroups, null, secure as number);
    this.#add(text, peer);
    this._queue.push(peer);
    return peer;
  }

  /** Called when a queued peer may be dialled. */
  _drain(): void {
    if (this.destroyed || this.isHeld) return;
    for (let peer; (peer = this._queue.shift());) {
      if (!peer.destroyed) dialPeer(this, peer, this.client.dials);
    }
  }

  /** Called with a peer that has dialled us, when its handshake has named this swarm. */
  _addIncomingPeer(peer: SwarmPeer): void {
    const close = () => peer.destroy();
    const host = hostOf(peer.addr);
    if (this.destroyed || !(this.#options.admits?.(host, close) ?? false)) return close();
    this.#add(peer.id, peer);
  }

  /** Called when the handshake of a peer is over. */
  _onWire(wire: SwarmWire, address: string): void {
    wire.remoteAddress = hostOf(address);
    wire.remotePort = Number(address.slice(address.lastIndexOf(":") + 1));
    this.wires.push(wire);
    this.#options.onWire(wire, address);
    take(wire);
  }

  /** Called when a peer has ended. */
  removePeer(id: string): void {
    if (this._peers.delete(id)) this.#options.onEnd?.(id);
  }

  #add(id: string, peer: SwarmPeer): void {
    this._peers.set(id, peer);
    peer.on("download", (bytes: number) => this.#options.onBytes?.(id, bytes));
  }
}

/**
 * Returns the obfuscated infohash, which an encrypted handshake names: the SHA-1 of `req2` and the
 * infohash. Both are 40 hexadecimal digits.
 */
export function obfuscatedInfoHash(infoHashHex: string): string {
  return createHash("sha1").update("req2").update(infoHashHex, "hex").digest("hex");
}

/** Returns the host of `HOST:PORT`, where an IPv6 address may lack its brackets. */
function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}
