/**
 * The DHT manager: reads and writes records and peers through borrowed nodes. It never ends a
 * node's life; `stop()` ends its own work only. When a record is due is for `reannounce.ts`.
 *
 * @module
 */

import { type Clock, toHex } from "../../base/mod.ts";
import { type MutableItem, targetOf } from "../../records/mod.ts";
import {
  ClosestNodesCache,
  DistanceEstimate,
  lookup,
  type LookupAnswer,
  type LookupOptions,
  type LookupResult,
  QUERY_TIMEOUT_MS,
  RecentLookups,
  RttEstimator,
} from "../lookup/mod.ts";
import {
  DhtError,
  type DhtNode,
  type NodeProvider,
  type QueryName,
  type QueryValue,
  type RateLimiter,
} from "../node/mod.ts";
import { type ItemKey, ItemReader } from "./item_query.ts";
import { countLookups, mergePuts, readItems } from "./merge.ts";
import {
  addErrors,
  type AnnounceOutcome,
  type GetOutcome,
  type PeerAddress,
  type PeersOutcome,
  type PutOutcome,
} from "./outcome.ts";
import { parseCompactPeers } from "./peers.ts";
import { putThrough, tokenOf } from "./put.ts";

/** Options of {@linkcode DhtManager}. */
export interface DhtManagerOptions {
  /** Lends the nodes that are there right now. */
  nodes: NodeProvider;
  clock: Clock;
  /** On how many of the closest nodes an item is to be held. */
  storeNodes?: number;
  /** Held by fewer, a put is called weak. */
  minNodes?: number;
  /** Queries under way at once in one lookup. */
  concurrency?: number;
  /** The budget of packets; without one there is no limit. */
  limiter?: RateLimiter;
}

/** Options of one operation. */
export interface OperationOptions {
  /** Ends the operation early; what was reached until then is the outcome. */
  signal?: AbortSignal;
  /** Work that can wait until the budget of packets has room for it. */
  background?: boolean;
}

/** On what terms an item is put. */
export interface PutTerms {
  /**
   * Send the item also to nodes that hold it, if it is so long ago, milliseconds, or not known when
   * they were sent it last; 0 for all of them. A node may forget an item two hours after it was put
   * last (BEP 44), and being asked for it does not count.
   */
  refreshAfterMs?: number;
  /**
   * For a record that others write too: the `seq`s of the items that this one was made from, none if
   * there were none. If a node shows another, ours is put no further; it comes back as `conflict` or
   * `superseded`, to be read and merged.
   */
  basedOn?: readonly number[];
}

/** Options of {@linkcode DhtManager.put}. */
export interface PutRequestOptions extends OperationOptions, PutTerms {}

/** How the manager did since it started. */
export interface DhtManagerStats {
  gets: number;
  /** Gets that a node answered. */
  getsAnswered: number;
  puts: number;
  /** Puts after which as many nodes hold the item as `minNodes` says. */
  putsStrong: number;
  /** Searches for peers of a torrent, and how many of them found one. */
  peerSearches: number;
  peerSearchesFound: number;
  /** Peers that the searches found, counted anew in each. */
  peersFound: number;
  /** Smoothed round trip of one query, milliseconds. */
  roundTripMs: number | undefined;
}

/** Stores and finds records and peers through borrowed nodes. */
export class DhtManager {
  readonly #nodes: NodeProvider;
  readonly #clock: Clock;
  #storeNodes: number;
  #minNodes: number;
  readonly #concurrency: number;
  readonly #limiter: RateLimiter | undefined;
  readonly #rtt = new RttEstimator();
  readonly #distances = new DistanceEstimate();
  readonly #closestNodes: ClosestNodesCache;
  readonly #recent: RecentLookups;
  /** The last operation of each target: two puts of one key at once would fail one of them. */
  readonly #queues = new Map<string, Promise<unknown>>();
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
    this.#closestNodes = new ClosestNodesCache(options.clock);
    this.#recent = new RecentLookups(options.clock);
    this.#storeNodes = options.storeNodes ?? 8;
    this.#minNodes = options.minNodes ?? 8;
    this.#concurrency = options.concurrency ?? 4;
    this.#limiter = options.limiter;
  }

  /**
   * Asks the closest nodes for a mutable item and takes the valid one with the highest `seq`. Never
   * answers from what the own node stores for others.
   *
   * @throws {DhtError} `DHT_OFF` if there is no node to borrow, `DHT_STOPPED` after `stop()`
   */
  get(key: ItemKey, options: OperationOptions = {}): Promise<GetOutcome> {
    return this.#run(async (nodes, signal) => {
      this.#stats.gets++;
      const target = targetOf(key.publicKey, key.salt);
      const reader = new ItemReader(key);
      // Signatures are checked while others are yet to answer.
      const onAnswer = ({ body }: LookupAnswer) => void reader.read(body);
      const results = await Promise.all(nodes.map(async (node) => {
        const found = await this.#lookup(node, "get", target, { target }, signal, { onAnswer });
        if (!signal.aborted) this.#recent.keep(node.id, target, found);
        return found;
      }));
      const outcome = readItems(results, reader);
      if (outcome.responded > 0) this.#stats.getsAnswered++;
      return outcome;
    }, options);
  }

  /**
   * Sees to it that the nodes closest to the item's target hold it: asks first, and puts only to
   * those that lack it or hold an older one, unless told to refresh others too. What a record is
   * based on, and a get has shown a moment ago, is not asked again. Puts of the same target wait for each other. Work that can wait spares the dead, and takes longer for it.
   *
   * @throws {DhtError} `DHT_OFF` if there is no node to borrow, `DHT_STOPPED` after `stop()`
   */
  put(item: MutableItem, options: PutRequestOptions = {}): Promise<PutOutcome> {
    const target = targetOf(item.publicKey, item.salt);
    return this.#queued(toHex(target), () =>
      this.#run(async (nodes, signal) => {
        this.#stats.puts++;
        const { refreshAfterMs, basedOn, background } = options;
        const known = this.#closestNodes;
        const outcomes = await Promise.all(nodes.map(async (node) => {
          const found = (basedOn && this.#recent.take(node.id, target)) ??
            await this.#lookup(node, "get", target, { target }, signal, { frugal: background });
          return putThrough(node, item, found, {
            storeNodes: this.#storeNodes,
            minNodes: this.#minNodes,
            timeoutMs: QUERY_TIMEOUT_MS,
            refresh: (id) =>
              refreshAfterMs !== undefined && known.sincePutMs(target, id) >= refreshAfterMs,
            onKept: (id) => known.learnPut(target, id),
            basedOn,
            signal,
          });
        }));
        const outcome = mergePuts(outcomes);
        if (outcome.holding > 0 && !outcome.weak) this.#stats.putsStrong++;
        return outcome;
      }, options));
  }

  /**
   * Looks for peers of a torrent (BEP 5 `get_peers`).
   *
   * @param infoHash 20 bytes
   * @param onPeers called with each node's peers as they come in
   * @throws {DhtError} `DHT_OFF` if there is no node to borrow, `DHT_STOPPED` after `stop()`
   */
  findPeers(
    infoHash: Uint8Array,
    options: OperationOptions & { onPeers?: (peers: PeerAddress[]) => void } = {},
  ): Promise<PeersOutcome> {
    return this.#run(async (nodes, signal) => {
      const peers = new Map<string, PeerAddress>();
      const onAnswer = (answer: LookupAnswer) => {
        const fresh = parseCompactPeers(answer.body.values)
          .filter((peer) => !peers.has(`${peer.host}:${peer.port}`));
        for (const peer of fresh) peers.set(`${peer.host}:${peer.port}`, peer);
        if (fresh.length > 0) options.onPeers?.(fresh);
      };
      const results = await Promise.all(
        nodes.map((node) =>
          this.#lookup(node, "get_peers", infoHash, { info_hash: infoHash }, signal, { onAnswer })
        ),
      );
      this.#stats.peerSearches++;
      if (peers.size > 0) this.#stats.peerSearchesFound++;
      this.#stats.peersFound += peers.size;
      return { peers: [...peers.values()], ...countLookups(results) };
    }, options);
  }

  /**
   * Tells the closest nodes that we have a torrent (BEP 5 `announce_peer`).
   *
   * @param infoHash 20 bytes
   * @param port the TCP port that we take peers on
   * @throws {DhtError} `DHT_OFF` if there is no node to borrow, `DHT_STOPPED` after `stop()`
   */
  announcePeer(
    infoHash: Uint8Array,
    port: number,
    options: OperationOptions = {},
  ): Promise<AnnounceOutcome> {
    return this.#queued(toHex(infoHash), () =>
      this.#run(async (nodes, signal) => {
        let stored = 0;
        const results = await Promise.all(nodes.map(async (node) => {
          const args = { info_hash: infoHash };
          const found = await this.#lookup(node, "get_peers", infoHash, args, signal, {
            frugal: options.background,
          });
          const willing = found.answers.filter((a) => tokenOf(a.body) !== undefined);
          await Promise.all(
            willing.slice(0, this.#storeNodes).map(async ({ contact, body }) => {
              const token = tokenOf(body)!;
              // The port is named outright: a NAT in between may have changed the source port.
              const args = { info_hash: infoHash, port, implied_port: 0, token };
              const result = await node.query(contact, "announce_peer", args, {
                timeoutMs: QUERY_TIMEOUT_MS,
                signal,
              });
              if (result.kind === "reply") stored++;
              else addErrors(found.errors, { [nameOf(result)]: 1 });
            }),
          );
          return found;
        }));
        return { ...countLookups(results), stored };
      }, options));
  }

  /** Changes on how many nodes an item is to be held, and below how many a put is called weak. */
  configure({ storeNodes, minNodes }: { storeNodes: number; minNodes: number }): void {
    this.#storeNodes = storeNodes;
    this.#minNodes = minNodes;
  }

  /** How the manager did since it started. */
  stats(): DhtManagerStats {
    return { ...this.#stats, roundTripMs: this.#rtt.smoothedMs };
  }

  /**
   * Takes no more work, and waits for what is under way; after `deadlineMs` milliseconds what is
   * left is ended. The borrowed nodes live on.
   */
  async stop(deadlineMs = 5_000): Promise<void> {
    this.#stopping = true;
    const timer = this.#clock.after(deadlineMs, () => this.#stopped.abort());
    await Promise.allSettled(this.#underWay);
    timer.cancel();
  }
  #stopping = false;
  /** What work that can wait has taken of late: packets an operation, smoothed. */
  #usualPackets = 16;

  async #lookup(
    node: DhtNode,
    query: QueryName,
    target: Uint8Array,
    args: Record<string, QueryValue>,
    signal: AbortSignal,
    options: Pick<LookupOptions, "onAnswer" | "frugal"> = {},
  ): Promise<LookupResult> {
    const found = await lookup(node, {
      target,
      query,
      args,
      closest: this.#storeNodes,
      concurrency: this.#concurrency,
      rtt: this.#rtt,
      distances: this.#distances,
      clock: this.#clock,
      start: this.#closestNodes.of(target),
      signal,
      ...options,
    });
    const nearest = found.answers.slice(0, this.#storeNodes).map(({ contact }) => contact);
    this.#closestNodes.learn(target, nearest);
    return found;
  }

  async #run<T>(
    work: (nodes: DhtNode[], signal: AbortSignal) => Promise<T>,
    options: OperationOptions,
  ): Promise<T> {
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

  /** Charges the packets to the budget; work that can wait does so before it begins. */
  async #charged<T>(
    nodes: DhtNode[],
    signal: AbortSignal,
    work: (nodes: DhtNode[], signal: AbortSignal) => Promise<T>,
    background = false,
  ): Promise<T> {
    const wanted = background ? this.#usualPackets * nodes.length : 0;
    const reserved = wanted > 0 && await this.#limiter?.take(wanted, signal) ? wanted : 0;
    const sent = { packets: 0 };
    try {
      return await work(nodes.map((node) => this.#counted(node, sent)), signal);
    } finally {
      this.#limiter?.spend(sent.packets - reserved);
      if (background && !signal.aborted) {
        this.#usualPackets += (sent.packets / nodes.length - this.#usualPackets) / 8;
      }
    }
  }

  /** The same node, with each packet counted. */
  #counted(node: DhtNode, sent: { packets: number }): DhtNode {
    return {
      id: node.id,
      port: node.port,
      tableSize: () => node.tableSize(),
      closest: (target, count) => node.closest(target, count),
      isUnresponsive: (contact) => node.isUnresponsive(contact),
      bootstrapContacts: () => node.bootstrapContacts(),
      query: (...args) => {
        sent.packets++;
        return node.query(...args);
      },
    };
  }

  #refuseIfStopped(): void {
    if (!this.#stopping) return;
    throw new DhtError("failed", "DHT_STOPPED", "The DHT manager has stopped taking work");
  }

  async #queued<T>(key: string, work: () => Promise<T>): Promise<T> {
    this.#refuseIfStopped();
    const before = this.#queues.get(key);
    const mine = (async () => {
      await before?.catch(() => {});
      return await work();
    })();
    this.#queues.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#queues.get(key) === mine) this.#queues.delete(key);
    }
  }
}

function nameOf(result: { kind: string; code?: number; why?: string }): string {
  return result.code !== undefined ? String(result.code) : result.why ?? result.kind;
}
