/**
 * The peers (BEP 5) that our DHT node of IPv6 stores for other nodes. Their number and age are
 * limited. npm:bittorrent-dht stores those of IPv4.
 *
 * @module
 */

import { type Clock, parseAddress } from "../../base/mod.ts";
import { spread } from "./spread.ts";

/** Lifetime of a peer since its last `announce_peer`. Programs announce each half hour or more often. */
const AGE_MS = 60 * 60_000;
/** Maximum number of stored peers of all torrents. A full store takes about 3 MB. */
const MAX_PEERS = 10_000;
/** Maximum number of peers of one torrent. */
const MAX_PEERS_OF_A_TORRENT = 200;
/**
 * Maximum number of peers of one torrent in one network (/64). A machine has all addresses of its
 * network, and could otherwise fill a torrent's list alone.
 */
const MAX_PEERS_OF_A_NETWORK = 8;
const NETWORK_BYTES = 8;
/**
 * Length of the prefix that one owner has, bytes (/48). Peers of many owners are kept, and named, before
 * many peers of one.
 */
const OWNER_BYTES = 6;

interface StoredPeer {
  /** Address of 16 bytes and port of 2 bytes, big-endian (BEP 32). */
  compact: Uint8Array;
  atMs: number;
}

/** Peers by torrent. In a full store, the torrent with the oldest announcement loses a peer. */
export class PeerStore {
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Peers by infohash (40 hexadecimal digits), the torrent with the oldest announcement first. */
  readonly #torrents = new Map<string, Map<string, StoredPeer>>();
  #size = 0;

  /** @param random random numbers from 0 to below 1 */
  constructor(clock: Clock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Number of stored peers, with those that have expired since they were stored. */
  get size(): number {
    return this.#size;
  }

  /** Stores a peer of a torrent, given by an IPv6 address and a port. */
  add(infoHashHex: string, host: string, port: number): void {
    const address = parseAddress(host);
    if (address?.length !== 16) return;
    const compact = new Uint8Array(18);
    compact.set(address);
    new DataView(compact.buffer).setUint16(16, port);
    const peers = this.#torrents.get(infoHashHex) ?? new Map<string, StoredPeer>();
    this.#remove(infoHashHex, peers, compact.toHex());
    const network = address.toHex().slice(0, 2 * NETWORK_BYTES);
    const neighbours = [...peers.keys()].filter((key) => key.startsWith(network));
    if (neighbours.length >= MAX_PEERS_OF_A_NETWORK) {
      this.#remove(infoHashHex, peers, neighbours[0]!);
    }
    if (peers.size >= MAX_PEERS_OF_A_TORRENT) {
      // The owner with the most peers loses one, so that nobody pushes others out by announcing often.
      const owners = [...Map.groupBy(peers.keys(), ownerOf).values()];
      const largest = owners.reduce((a, b) => b.length > a.length ? b : a);
      this.#remove(infoHashHex, peers, largest[0]!);
    }
    if (this.#size >= MAX_PEERS) {
      const [oldest, theirs] = this.#torrents.entries().next().value!;
      this.#removeOldest(oldest, theirs);
    }
    peers.set(compact.toHex(), { compact, atMs: this.#clock.now() });
    this.#size++;
    this.#torrents.delete(infoHashHex);
    this.#torrents.set(infoHashHex, peers);
  }

  /**
   * Returns up to `most` peers of a torrent, 18 bytes each (BEP 32): the newest first, or, of more peers, in
   * turn the newest of each owner, in random order. Somebody who announces often cannot hide the others.
   */
  get(infoHashHex: string, most: number): Uint8Array[] {
    const peers = this.#torrents.get(infoHashHex);
    if (!peers) return [];
    for (const [key, { atMs }] of peers) {
      // The absolute value is compared, so that setting the clock back extends no peer's life.
      if (Math.abs(this.#clock.now() - atMs) >= AGE_MS) this.#remove(infoHashHex, peers, key);
    }
    if (peers.size <= most) return [...peers.values()].map(({ compact }) => compact).reverse();
    return spread([...peers.keys()].reverse(), ownerOf, most, this.#random)
      .map((key) => peers.get(key)!.compact);
  }

  #removeOldest(infoHashHex: string, peers: Map<string, StoredPeer>): void {
    const [key] = peers.keys();
    if (key !== undefined) this.#remove(infoHashHex, peers, key);
  }

  #remove(infoHashHex: string, peers: Map<string, StoredPeer>, key: string): void {
    if (!peers.delete(key)) return;
    this.#size--;
    if (peers.size === 0) this.#torrents.delete(infoHashHex);
  }
}

/** Returns the owner of a peer's network, given the key of the peer. */
function ownerOf(key: string): string {
  return key.slice(0, 2 * OWNER_BYTES);
}
