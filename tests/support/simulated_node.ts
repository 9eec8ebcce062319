/**
 * One node of a simulated DHT. It answers `ping`, `find_node`, `get_peers`, `announce_peer`, `get`
 * and `put` (BEP 5, BEP 44) and has its own routing table. `simulated_dht.ts` simulates packets,
 * delays and losses.
 *
 * @module
 */

import { concatBytes, equalBytes, fromHex, parseAddress, toHex, utf8 } from "../../src/base/mod.ts";
import { bdecode, type BDecoded, bencode, type BValue } from "../../src/bencode/mod.ts";
import { MAX_VALUE_BYTES, targetOf, verifyItem } from "../../src/records/mod.ts";

/** Maximum number of contacts in a bucket of the routing table, and in a reply. */
const K = 8;
/** Time for which a node names a peer after its last announcement, milliseconds. */
const PEER_LIFE_MS = 30 * 60_000;
/** Maximum number of peers in an answer, which has to fit into a packet. */
const MAX_PEERS = 50;
const ID_BYTES = 20;
const ID_BITS = ID_BYTES * 8;

/** A query received by a simulated node. */
export interface SimulatedQuery {
  name: string;
  args: Record<string, unknown>;
  /** Address of the sender. Default: one of documentation. */
  from?: string;
}

/** The reaction of a simulated node to a query: reply, error or silence. */
export type SimulatedAnswer =
  | { kind: "reply"; body: Record<string, unknown>; delayMs?: number }
  | { kind: "refused"; code: number; delayMs?: number }
  | { kind: "silent" };

/** An item stored by a put (BEP 44). */
export interface StoredItem {
  v: unknown;
  k: Uint8Array;
  sig: Uint8Array;
  seq: number;
  /** Time of the last put, or of the first put if `refresh` is off. */
  atMs: number;
}

/** Rules for storing items, the same for all nodes of a network. */
export interface ItemRules {
  /** Lifetime of a stored item in milliseconds. */
  lifeMs: number;
  /**
   * Effect of a put with the `seq` that the node holds already. `true`: the put extends the item's
   * life, as with libtorrent. `false`: the node answers with error 302, as npm:bittorrent-dht does.
   */
  refresh: boolean;
  /** Whether nodes verify signatures; long simulations skip the verification. */
  verify: boolean;
}

/** The first 64 bits of a node id. They suffice to distinguish the nodes of a simulation. */
export class Place {
  readonly high: number;
  readonly low: number;

  constructor(id: Uint8Array) {
    const view = new DataView(id.buffer, id.byteOffset, 8);
    this.high = view.getUint32(0);
    this.low = view.getUint32(4);
  }

  /** Returns the leading 53 bits of the XOR distance to another id, as a number. */
  distance(other: Place): number {
    return ((this.high ^ other.high) >>> 0) * 2 ** 21 + ((this.low ^ other.low) >>> 11);
  }

  /** Returns the length in bits of the common prefix with another id, at most 64. */
  sharedBits(other: Place): number {
    const high = Math.clz32(this.high ^ other.high);
    return high < 32 ? high : 32 + Math.clz32(this.low ^ other.low);
  }
}

/** Returns the `count` nodes closest to `place`, sorted by distance. */
export function closestOf<T extends { place: Place }>(
  nodes: Iterable<T>,
  place: Place,
  count: number,
): T[] {
  const best: { node: T; distance: number }[] = [];
  for (const node of nodes) {
    const distance = node.place.distance(place);
    if (best.length === count && distance >= best[count - 1]!.distance) continue;
    let at = best.length;
    while (at > 0 && best[at - 1]!.distance > distance) at--;
    best.splice(at, 0, { node, distance });
    if (best.length > count) best.pop();
  }
  return best.map(({ node }) => node);
}

/** A node of a simulated DHT. */
export class SimulatedNode {
  readonly id: Uint8Array;
  readonly place: Place;
  readonly host: string;
  readonly port: number;
  /** Compact node info of this node, 26 bytes (BEP 5) or 38 (BEP 32). */
  readonly compact: Uint8Array;
  alive = true;
  /** If set, decides the node's answers; `honest` returns the correct answer. */
  behave: ((query: SimulatedQuery, honest: () => SimulatedAnswer) => SimulatedAnswer) | undefined;
  /** Number of queries received, by query name. */
  readonly received: Record<string, number> = {};
  readonly #rules: ItemRules;
  readonly #now: () => number;
  readonly #onStore: (targetHex: string, node: SimulatedNode) => void;
  readonly #items = new Map<string, StoredItem>();
  /** Times of the last announcements by infohash and peer; a peer is address and port in hexadecimal. */
  readonly #peers = new Map<string, Map<string, number>>();
  readonly #table = new Set<SimulatedNode>();
  readonly #room = new Array<number>(ID_BITS + 1).fill(K);

  /** @param onStore called with the target whenever the node stores an item */
  constructor(
    id: Uint8Array,
    host: string,
    rules: ItemRules,
    now: () => number,
    onStore: (targetHex: string, node: SimulatedNode) => void,
  ) {
    this.id = id;
    this.place = new Place(id);
    this.host = host;
    this.port = 6881;
    this.compact = compactNode(id, host, this.port);
    this.#rules = rules;
    this.#now = now;
    this.#onStore = onStore;
  }

  /** The write token that the node issues in replies and expects in a put. */
  get token(): Uint8Array {
    return utf8(`token of ${this.host}`);
  }

  /** Adds another node to the routing table if its bucket has room. */
  learn(other: SimulatedNode): void {
    const bucket = this.place.sharedBits(other.place);
    if (this.#room[bucket]! === 0 || this.#table.has(other)) return;
    this.#room[bucket]!--;
    this.#table.add(other);
  }

  /** Removes another node from the routing table. */
  unlearn(other: SimulatedNode): void {
    if (this.#table.delete(other)) this.#room[this.place.sharedBits(other.place)]!++;
  }

  /** Returns the item stored for a target. */
  item(targetHex: string): StoredItem | undefined {
    const item = this.#items.get(targetHex);
    if (!item || this.#now() - item.atMs < this.#rules.lifeMs) return item;
    this.#items.delete(targetHex);
    return undefined;
  }

  /** Stores an item, signed or unsigned, as a put would. */
  plant(targetHex: string, item: StoredItem): void {
    this.#items.set(targetHex, item);
    this.#onStore(targetHex, this);
  }

  /** Removes the item stored for a target. */
  forget(targetHex: string): void {
    this.#items.delete(targetHex);
  }

  answer(query: SimulatedQuery): SimulatedAnswer {
    this.received[query.name] = (this.received[query.name] ?? 0) + 1;
    const honest = () => this.#honest(query);
    return this.behave ? this.behave(query, honest) : honest();
  }

  #honest({ name, args, from }: SimulatedQuery): SimulatedAnswer {
    switch (name) {
      case "ping":
        return this.#reply({});
      case "find_node":
        return this.#reply(this.#closest(args.target as Uint8Array));
      case "get":
        return this.#get(args.target as Uint8Array);
      case "get_peers":
        return this.#getPeers(args.info_hash as Uint8Array);
      case "announce_peer":
        return this.#announcePeer(args, from);
      case "put":
        return this.#put(args);
      default:
        return { kind: "refused", code: 204 };
    }
  }

  #reply(body: Record<string, unknown>): SimulatedAnswer {
    return { kind: "reply", body: { id: this.id, ...body } };
  }

  #closest(target: Uint8Array): { nodes: Uint8Array } | { nodes6: Uint8Array } {
    const closest = closestOf(this.#table, new Place(target), K);
    const nodes = concatBytes(...closest.map((node) => node.compact));
    return this.host.includes(":") ? { nodes6: nodes } : { nodes };
  }

  #get(target: Uint8Array): SimulatedAnswer {
    const item = this.item(toHex(target));
    const { v, k, sig, seq } = item ?? {};
    return this.#reply({
      token: this.token,
      ...this.#closest(target),
      ...(item ? { v, k, sig, seq } : {}),
    });
  }

  /** Returns the peers of an infohash that have announced themselves in the last half hour. */
  peers(infoHashHex: string): Uint8Array[] {
    const peers = this.#peers.get(infoHashHex);
    if (!peers) return [];
    for (const [peer, atMs] of peers) if (this.#now() - atMs > PEER_LIFE_MS) peers.delete(peer);
    return [...peers.keys()].map((peer) => fromHex(peer)!);
  }

  #getPeers(infoHash: Uint8Array): SimulatedAnswer {
    const values = this.peers(toHex(infoHash)).slice(0, MAX_PEERS);
    const nodes = this.#closest(infoHash);
    return this.#reply({ token: this.token, ...nodes, ...(values.length > 0 ? { values } : {}) });
  }

  #announcePeer(
    args: Record<string, unknown>,
    from = this.host.includes(":") ? "2001:db8::1" : "192.0.2.1",
  ): SimulatedAnswer {
    if (!equalBytes(args.token as Uint8Array, this.token)) return { kind: "refused", code: 203 };
    const key = toHex(args.info_hash as Uint8Array);
    const peer = toHex(concatBytes(parseAddress(from)!, portBytes(args.port as number)));
    const peers = this.#peers.get(key) ?? new Map<string, number>();
    peers.delete(peer);
    this.#peers.set(key, peers.set(peer, this.#now()));
    return this.#reply({});
  }

  #put(args: Record<string, unknown>): SimulatedAnswer {
    const { k, sig, seq, v, cas, token } = args as unknown as StoredItem & {
      cas?: number;
      token: Uint8Array;
    };
    const salt = args.salt as Uint8Array | undefined ?? new Uint8Array();
    if (!equalBytes(token, this.token)) return { kind: "refused", code: 203 };
    const value = bencode(v as BValue);
    if (value.length > MAX_VALUE_BYTES) return { kind: "refused", code: 205 };
    const item = { publicKey: k, salt, seq, value, signature: sig };
    if (this.#rules.verify && !verifyItem(item)) return { kind: "refused", code: 206 };
    const key = toHex(targetOf(k, salt));
    const held = this.item(key);
    if (held && cas !== undefined && cas !== held.seq) return { kind: "refused", code: 301 };
    if (held && (seq < held.seq || (seq === held.seq && !this.#rules.refresh))) {
      return { kind: "refused", code: 302 };
    }
    this.plant(key, { v: decodeLoosely(value), k, sig, seq, atMs: this.#now() });
    return this.#reply({});
  }
}

/** Encodes the compact node info of a node, 26 bytes (BEP 5) or 38 (BEP 32). */
export function compactNode(id: Uint8Array, host: string, port: number): Uint8Array {
  return concatBytes(id, parseAddress(host)!, portBytes(port));
}

function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 255);
}

/**
 * Decodes bencode to the values that npm:bencode would return, which is how other implementations
 * hold items.
 */
export function decodeLoosely(bytes: Uint8Array): unknown {
  return loose(bdecode(bytes));
}

function loose(value: BDecoded): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, member]) => [key, loose(member)]));
  }
  return Array.isArray(value) ? value.map(loose) : value;
}
