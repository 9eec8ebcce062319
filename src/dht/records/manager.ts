/**
 * The DHT manager: gets and puts records, finds peers and announces torrents through borrowed
 * nodes. Its `stop()` does not close the nodes. `announce/reannounce.ts` decides when a record is due.
 *
 * @module
 */

import { type Clock, type Family, KeyedQueue, toHex } from "../../base/mod.ts";
import { type MutableItem, targetOf } from "../../records/mod.ts";
import {
  Learned,
  lookup,
  type LookupAnswer,
  type LookupOptions,
  type LookupResult,
  preferFitting,
  QUERY_TIMEOUT_MS,
  RecentLookups,
} from "../lookup/mod.ts";
import { DhtError } from "../errors.ts";
import {
  countedNode,
  type DhtNode,
  type NodeProvider,
  type QueryName,
  type QueryValue,
  type RateLimiter,
} from "../node/mod.ts";
import type { GetOptions, OperationOptions, PutRequestOptions } from "./options.ts";
import { type ItemKey, ItemReader } from "./item_query.ts";
import { countLookups, mergePuts, readItems } from "./merge.ts";
import {
  addErrors,
  type AnnounceOutcome,
  type ByFamily,
  type GetOutcome,
  type PeerAddress,
  type PeersOutcome,
  type PutOutcome,
} from "./outcome.ts";
import { countPeerNetworks, parseCompactPeers } from "./peers.ts";
import { putThrough, tokenOf } from "./put.ts";

/** Options of {@linkcode DhtManager}. */
export interface DhtManagerOptions {
  /** Returns the DHT nodes that the engine lends now. */
  nodes: NodeProvider;
  clock: Clock;
  /** Number of closest nodes that should hold an item. Default 8. */
  storeNodes?: number;
  /** Minimum number of nodes that hold an item after a put; with fewer, the put is weak. Default 8. */
  minNodes?: number;
  /** Maximum number of queries under way in one lookup, except the first one. Default 4. */
  concurrency?: number;
  /** Token bucket that limits DHT packets; without it, the number of packets is unlimited. */
  limiter?: RateLimiter;
}

/** An operation on borrowed nodes; `sent` counts its packets. */
type Work<T> = (nodes: DhtNode[], signal: AbortSignal, sent: { packets: number }) => Promise<T>;

/** Time since the start of a put in which nodes that refuse the item are replaced by others (ms). */
const REPLACING_MS = 8_000;

/** Statistics of the manager since it started. */
export interface DhtManagerStats {
  gets: number;
  /** Number of gets that at least one node answered. */
  getsAnswered: number;
  puts: number;
  /** Number of puts after which at least `minNodes` nodes hold the item. */
  putsStrong: number;
  /** Number of searches for peers, and number of searches that found at least one peer. */
  peerSearches: number;
  peerSearchesFound: number;
  /** Number of peers that all searches together have found. */
  peersFound: number;
  /** Smoothed time between a query and its reply, over IPv4 if there is a node of it, milliseconds. */
  roundTripMs?: number;
}

/** Gets and puts records, and finds and announces peers, through borrowed nodes. */
export class DhtManager {
  readonly #nodes: NodeProvider;
  readonly #clock: Clock;
  #storeNodes: number;
  #minNodes: number;
  readonly #concurrency: number;
  readonly #limiter: RateLimiter | undefined;
  readonly #learned: Record<Family, Learned>;
  readonly #recent: RecentLookups;
  /** Puts to one target run one after the other, because concurrent puts make each other fail. */
  readonly #queues = new KeyedQueue();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #stopped = new AbortController();
  readonly #stats = {
    gets: 0,
    getsAnswered: 0,
    puts: 0,
    putsStrong: 0,
    peerSearches: 0,
    peerSearchesFound: 0,
    peersFound: 0,
  };

  constructor(options: DhtManagerOptions) {
    this.#nodes = options.nodes;
    this.#clock = options.clock;
    this.#learned = { 4: new Learned(options.clock, 4), 6: new Learned(options.clock, 6) };
    this.#recent = new RecentLookups(options.clock);
    this.#storeNodes = options.storeNodes ?? 8;
    this.#minNodes = options.minNodes ?? 8;
    this.#concurrency = options.concurrency ?? 4;
    this.#limiter = options.limiter;
  }

  /**
   * Gets a mutable item from the closest nodes; the valid item with the highest `seq` wins. Ignores
   * the items that the local node stores.
   *
   * @throws {DhtError} `DHT_OFF` if there is no node to borrow, `DHT_STOPPED` after `stop()`
   */
  get(key: ItemKey, options: GetOptions = {}): Promise<GetOutcome> {
    return this.#run(async (nodes, signal, sent) => {
      this.#stats.gets++;
      const target = targetOf(key.publicKey, key.salt);
      const reader = new ItemReader(key);
      let highestSeq = -1;
      // Verifies the signature in each reply while other replies are outstanding.
      const onAnswer = ({ body }: LookupAnswer) => {
        const shown = reader.read(body);
        if (shown.kind !== "item" || shown.item.seq <= highestSeq) return;
        highestSeq = shown.item.seq;
        options.onShown?.(shown.item);
      };
      const results = await Promise.all(nodes.map(async (node) => {
        const found = await this.#lookup(node, "get", target, { target }, signal, { onAnswer });
        if (!signal.aborted) this.#recent.keep(node.id, target, found);
        return found;
      }));
      const outcome = readItems(results, reader);
      if (outcome.responded > 0) this.#stats.getsAnswered++;
      return { ...outcome, packets: sent.packets / nodes.length };
    }, options);
  }

  /**
   * Stores an item on the nodes closest to its target. A lookup finds the nodes that hold the item;
   * only nodes that lack the item or hold an older one get a put (see also `refreshAfterMs`). With
   * `basedOn`, a lookup of the last ten seconds is reused. Puts to the same target run one after
   * the other.
   *
   * @throws {DhtError} `DHT_OFF` if there is no node to borrow, `DHT_STOPPED` after `stop()`
   */
  put(item: MutableItem, options: PutRequestOptions = {}): Promise<PutOutcome> {
    const target = targetOf(item.publicKey, item.salt);
    return this.#queued(toHex(target), () =>
      this.#run(async (nodes, signal, sent) => {
        this.#stats.puts++;
        const { refreshAfterMs, basedOn, background } = options;
        const beganMs = this.#clock.now();
        const puts = await Promise.all(nodes.map(async (node) => {
          const { closestNodes } = this.#learned[node.family];
          const found = (basedOn && this.#recent.take(node.id, target)) ??
            await this.#lookup(node, "get", target, { target }, signal, { frugal: background });
          const put = await putThrough(node, item, found, {
            storeNodes: this.#storeNodes,
            minNodes: this.#minNodes,
            timeoutMs: QUERY_TIMEOUT_MS,
            refresh: (id) =>
              refreshAfterMs !== undefined && closestNodes.sincePutMs(target, id) >= refreshAfterMs,
            onKept: (id) => closestNodes.notePut(target, id),
            basedOn,
            hasTime: () => Math.abs(this.#clock.now() - beganMs) < REPLACING_MS,
            signal,
          });
          return { family: node.family, put };
        }));
        const outcome = mergePuts(puts);
        if (outcome.holding > 0 && !outcome.weak) this.#stats.putsStrong++;
        return { ...outcome, packets: sent.packets / nodes.length };
      }, options));
  }

  /**
   * Searches for peers of a torrent (BEP 5 `get_peers`).
   *
   * @param infoHash 20 bytes
   * @param options `onPeers`: called with the new peers of each reply; `onNamed`: with all its peers;
   * `isAside`: see {@linkcode LookupOptions.isAside}
   * @throws {DhtError} `DHT_OFF` if there is no node to borrow, `DHT_STOPPED` after `stop()`
   */
  findPeers(
    infoHash: Uint8Array,
    options: OperationOptions & {
      onPeers?: (peers: PeerAddress[]) => void;
      onNamed?: (peers: PeerAddress[]) => void;
      isAside?: boolean;
    } = {},
  ): Promise<PeersOutcome> {
    return this.#run(async (nodes, signal) => {
      const peers = new Map<string, PeerAddress>();
      const onAnswer = (answer: LookupAnswer) => {
        const named = parseCompactPeers(answer.body.values);
        if (named.length > 0) options.onNamed?.(named);
        const fresh = named.filter((peer) => !peers.has(`${peer.host}:${peer.port}`));
        for (const peer of fresh) peers.set(`${peer.host}:${peer.port}`, peer);
        if (fresh.length > 0) options.onPeers?.(fresh);
      };
      const lookup = { isAside: options.isAside, onAnswer };
      const args = { info_hash: infoHash };
      const results = await Promise.all(
        nodes.map((node) => this.#lookup(node, "get_peers", infoHash, args, signal, lookup)),
      );
      this.#stats.peerSearches++;
      if (peers.size > 0) this.#stats.peerSearchesFound++;
      this.#stats.peersFound += peers.size;
      return { peers: [...peers.values()], ...countLookups(results) };
    }, options);
  }

  /**
   * Announces this program to the closest nodes as a peer of a torrent (BEP 5 `announce_peer`).
   *
   * @param infoHash 20 bytes
   * @param port TCP port for incoming connections of peers, the same or one for each family
   * @throws {DhtError} `DHT_OFF` if there is no node to borrow, `DHT_STOPPED` after `stop()`
   */
  announcePeer(
    infoHash: Uint8Array,
    port: number | Record<Family, number>,
    options: OperationOptions = {},
  ): Promise<AnnounceOutcome> {
    const ports = typeof port === "number" ? { 4: port, 6: port } : port;
    return this.#queued(toHex(infoHash), () =>
      this.#run(async (nodes, signal, sent) => {
        const byFamily: ByFamily = {};
        let peerNetworks = 0;
        const results = await Promise.all(nodes.map(async (node) => {
          const args = { info_hash: infoHash };
          const found = await this.#lookup(node, "get_peers", infoHash, args, signal, {
            frugal: options.background,
          });
          const counted = byFamily[node.family] ??= { responded: 0, holding: 0 };
          counted.responded += found.answers.length;
          const named = found.answers.map(({ body }) => parseCompactPeers(body.values));
          peerNetworks = Math.max(peerNetworks, countPeerNetworks(named));
          const willing = preferFitting(found.answers, this.#storeNodes)
            .filter(({ body }) => tokenOf(body) !== undefined);
          await Promise.all(
            willing.slice(0, this.#storeNodes).map(async ({ contact, body }) => {
              const token = tokenOf(body)!;
              // The TCP port is sent explicitly, because a NAT may change the packet's source port.
              const args = {
                info_hash: infoHash,
                port: ports[node.family],
                implied_port: 0,
                token,
              };
              const result = await node.query(contact, "announce_peer", args, {
                timeoutMs: QUERY_TIMEOUT_MS,
                signal,
              });
              if (result.kind === "reply") counted.holding++;
              else addErrors(found.errors, { [nameOf(result)]: 1 });
            }),
          );
          return found;
        }));
        const stored = (byFamily[4]?.holding ?? 0) + (byFamily[6]?.holding ?? 0);
        const packets = sent.packets / nodes.length;
        return { ...countLookups(results), stored, byFamily, packets, peerNetworks };
      }, options));
  }

  /** Changes `storeNodes` and `minNodes` of the {@linkcode DhtManagerOptions}. */
  configure({ storeNodes, minNodes }: { storeNodes: number; minNodes: number }): void {
    this.#storeNodes = storeNodes;
    this.#minNodes = minNodes;
  }

  /** Statistics of the manager since it started. */
  stats(): DhtManagerStats {
    return {
      ...this.#stats,
      roundTripMs: this.#learned[4].rtt.smoothedMs ?? this.#learned[6].rtt.smoothedMs,
    };
  }

  /**
   * Refuses new operations and waits for running ones, which are aborted after `deadlineMs`
   * milliseconds. The borrowed nodes stay open.
   */
  async stop(deadlineMs = 5_000): Promise<void> {
    this.#stopping = true;
    const timer = this.#clock.after(deadlineMs, () => this.#stopped.abort());
    await Promise.allSettled(this.#underWay);
    timer.cancel();
  }
  #stopping = false;
  /**
   * Moving average of the number of packets that a background operation sends through one node.
   * This number is charged to the rate limiter in advance.
   */
  #averagePackets = 16;

  /**
   * Returns the maximum number of queries under way in a lookup. The first lookup of a process
   * queries all of the closest candidates at once: a command waits for it, and it has no estimate of
   * the distances yet, so that it would need one more round trip otherwise.
   */
  #concurrencyOf(
    { isKnown }: Learned["distances"],
    { frugal }: Pick<LookupOptions, "frugal">,
  ): number {
    const isFirst = !frugal && !isKnown;
    return isFirst ? Math.max(this.#concurrency, this.#storeNodes) : this.#concurrency;
  }

  async #lookup(
    node: DhtNode,
    query: QueryName,
    target: Uint8Array,
    args: Record<string, QueryValue>,
    signal: AbortSignal,
    options: Pick<LookupOptions, "onAnswer" | "frugal" | "isAside"> = {},
  ): Promise<LookupResult> {
    const { closestNodes, rtt, distances } = this.#learned[node.family];
    const found = await lookup(node, {
      target,
      query,
      args,
      closest: this.#storeNodes,
      concurrency: this.#concurrencyOf(distances, options),
      rtt,
      distances,
      clock: this.#clock,
      start: closestNodes.get(target),
      signal,
      ...options,
    });
    const nearest = found.answers.slice(0, this.#storeNodes).map(({ contact }) => contact);
    closestNodes.set(target, nearest);
    return found;
  }

  async #run<T>(work: Work<T>, options: OperationOptions): Promise<T> {
    this.#refuseIfStopped();
    const nodes = this.#nodes();
    if (nodes.length === 0) {
      throw new DhtError("network", "DHT_OFF", "There is no DHT node to use: the DHT is off");
    }
    const { signal } = this.#stopped;
    const ends = options.signal ? AbortSignal.any([signal, options.signal]) : signal;
    const running = this.#charged(nodes, ends, work, options.background);
    this.#underWay.add(running);
    try {
      return await running;
    } finally {
      this.#underWay.delete(running);
    }
  }

  /**
   * Runs an operation and charges its packets to the rate limiter. For background work, waits first
   * until the limiter grants the expected number of packets.
   */
  async #charged<T>(
    nodes: DhtNode[],
    signal: AbortSignal,
    work: Work<T>,
    background = false,
  ): Promise<T> {
    const wanted = background ? this.#averagePackets * nodes.length : 0;
    const reserved = wanted > 0 && await this.#limiter?.take(wanted, signal) ? wanted : 0;
    const sent = { packets: 0 };
    try {
      return await work(nodes.map((node) => countedNode(node, sent)), signal, sent);
    } finally {
      this.#limiter?.spend(sent.packets - reserved);
      if (background && !signal.aborted) {
        this.#averagePackets += (sent.packets / nodes.length - this.#averagePackets) / 8;
      }
    }
  }

  #refuseIfStopped(): void {
    if (!this.#stopping) return;
    throw new DhtError("failed", "DHT_STOPPED", "The DHT manager has stopped taking work");
  }

  async #queued<T>(key: string, work: () => Promise<T>): Promise<T> {
    this.#refuseIfStopped();
    return await this.#queues.run(key, work);
  }
}

function nameOf(result: { kind: string; code?: number; why?: string }): string {
  return result.code !== undefined ? String(result.code) : result.why ?? result.kind;
}
