/**
 * A simulated DHT: many nodes, and clients that implement `DhtNode` with simulated packets, delays
 * and losses. A fake clock and seeded random numbers make every run of a test identical.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { equalBytes, type Family, formatAddress, parseAddress } from "../../src/base/mod.ts";
import type { Contact, DhtNode, QueryName, QueryResult } from "../../src/dht/mod.ts";
import type { FakeClock } from "./fake_clock.ts";
import { closestOf, type ItemRules, Place, SimulatedNode } from "./simulated_node.ts";

/** Options of {@linkcode SimulatedDht}. */
export interface SimulatedDhtOptions {
  clock: FakeClock;
  nodes: number;
  seed?: number;
  /**
   * First byte of all IPv4 addresses in the network, which distinguishes two networks. Default 10.
   */
  network?: number;
  /** Address family. Default 4. */
  family?: Family;
  /** Minimum and maximum round-trip time in milliseconds. */
  latencyMs?: [number, number];
  /** Share of queries that are lost, from 0 to 1. */
  loss?: number;
  items?: Partial<ItemRules>;
}

/** A query that a simulated client sent to a node, with the time of sending. */
export interface SentPacket {
  atMs: number;
  to: Contact;
  name: QueryName;
  args: Record<string, unknown>;
}

/**
 * Number of nodes in a client's routing table. A table with buckets of 8 has about this size in a
 * large network.
 */
const TABLE_SIZE = 160;
/** Time in milliseconds for which a dead node stays in the routing tables of other nodes. */
const STALE_MS = 15 * 60_000;
/** Time in milliseconds for which a node counts as unresponsive after a timeout. */
const SILENT_FOR_MS = 10 * 60_000;

/**
 * Makes a generator of seeded random numbers, 0 (inclusive) to 1 (exclusive), with the algorithm
 * mulberry32.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A network of simulated nodes, some of which may be dead. */
export class SimulatedDht {
  readonly nodes: SimulatedNode[] = [];
  readonly clock: FakeClock;
  readonly family: Family;
  readonly random: () => number;
  latencyMs: [number, number];
  loss: number;
  readonly #rules: ItemRules;
  readonly #network: number;
  readonly #byAddress = new Map<string, SimulatedNode>();
  /** The nodes that have stored an item for a target at any time, by target. */
  readonly #copies = new Map<string, Set<SimulatedNode>>();
  #count = 0;
  #clients = 0;

  constructor(options: SimulatedDhtOptions) {
    this.clock = options.clock;
    this.#network = options.network ?? 10;
    this.family = options.family ?? 4;
    this.random = seededRandom(options.seed ?? 1);
    this.latencyMs = options.latencyMs ?? [10, 50];
    this.loss = options.loss ?? 0;
    this.#rules = { lifeMs: 2 * 3_600_000, refresh: true, verify: true, ...options.items };
    for (let i = 0; i < options.nodes; i++) this.#make();
    for (const node of this.nodes) this.#introduce(node);
  }

  /** Returns the `count` nodes closest to a target, dead or live, sorted by distance. */
  closest(target: Uint8Array, count: number): SimulatedNode[] {
    return closestOf(this.nodes, new Place(target), count);
  }

  /** Returns the live nodes that hold an item for a target. */
  holders(targetHex: string): SimulatedNode[] {
    const copies = this.#copies.get(targetHex) ?? [];
    return [...copies].filter((node) => node.alive && node.item(targetHex));
  }

  /** Returns the node at an address; `undefined` if there is none. */
  at(contact: Contact): SimulatedNode | undefined {
    return this.#byAddress.get(`${contact.host}:${contact.port}`);
  }

  /**
   * Adds a node, with the given or a random id and address. The other nodes learn of it at once.
   */
  join(chosen?: { id: Uint8Array; host: string }): SimulatedNode {
    const node = this.#make(chosen);
    this.#introduce(node);
    for (const other of this.nodes) if (other !== node) other.learn(node);
    return node;
  }

  /** Kills a node. The other nodes learn of its death after some time. */
  kill(node: SimulatedNode): void {
    node.alive = false;
    this.clock.after(STALE_MS, () => {
      this.#byAddress.delete(`${node.host}:${node.port}`);
      this.nodes.splice(this.nodes.indexOf(node), 1);
      for (const other of this.nodes) other.unlearn(node);
      for (const copies of this.#copies.values()) copies.delete(node);
    });
  }

  /**
   * Starts churn: each node lives for `meanLifeMs` milliseconds on average, and each dead node is
   * replaced by a new node.
   */
  churn(meanLifeMs: number): void {
    const live = (node: SimulatedNode) => {
      const lifeMs = Math.round(-Math.log(1 - this.random()) * meanLifeMs);
      this.clock.after(lifeMs, () => {
        this.kill(node);
        live(this.join());
      });
    };
    for (const node of [...this.nodes]) live(node);
  }

  /** Creates a client, which knows `known` nodes and some bootstrap addresses. */
  client(
    options: { known?: number; bootstrap?: Contact[]; checksIds?: boolean; host?: string } = {},
  ) {
    const id = digest(`client ${this.#clients++} of ${this.#network}`);
    const table = this.nodes.filter((node) => node.alive)
      .map((node) => ({ node, order: this.random() }))
      .sort((a, b) => a.order - b.order)
      .slice(0, options.known ?? 16)
      .map(({ node }) => node);
    return new SimulatedClient(this, id, table, {
      bootstrap: options.bootstrap ?? [],
      checksIds: options.checksIds ?? true,
      host: options.host,
    });
  }

  #make(chosen?: { id: Uint8Array; host: string }): SimulatedNode {
    const number = ++this.#count;
    const id = chosen?.id ?? digest(`node ${number} of ${this.#network}`);
    // Give each node a /24 network of its own, or a /48 of IPv6.
    const host = chosen?.host ??
      (this.family === 4
        ? [this.#network, number & 255, number >> 8 & 255, 1 + (number >> 16)].join(".")
        : formatAddress(
          parseAddress(`2600:${this.#network.toString(16)}:${number.toString(16)}::1`)!,
        ));
    const node = new SimulatedNode(
      id,
      host,
      this.#rules,
      () => this.clock.now(),
      (targetHex, holder) => {
        const copies = this.#copies.get(targetHex) ?? new Set();
        this.#copies.set(targetHex, copies.add(holder));
      },
    );
    this.nodes.push(node);
    this.#byAddress.set(`${node.host}:${node.port}`, node);
    return node;
  }

  /**
   * Fills the routing table of a node. Starting at a random node makes the distant contacts differ
   * between nodes.
   */
  #introduce(node: SimulatedNode): void {
    const { length } = this.nodes;
    const start = Math.floor(this.random() * length);
    for (let i = 0; i < length; i++) {
      const other = this.nodes[(start + i) % length]!;
      if (other !== node && other.alive) node.learn(other);
    }
  }
}

/** A client of the simulated DHT, which counts its packets. */
export class SimulatedClient implements DhtNode {
  readonly id: Uint8Array;
  readonly port = 6881;
  readonly family: Family;
  readonly sent: SentPacket[] = [];
  /** Number of pending queries, and its maximum so far. */
  underWay = 0;
  mostUnderWay = 0;
  readonly #dht: SimulatedDht;
  readonly #table = new Map<string, SimulatedNode>();
  /** Time of each node's last timeout, by the node's host. */
  readonly #silent = new Map<string, number>();
  readonly #bootstrap: Contact[];
  readonly #checksIds: boolean;
  readonly #host: string | undefined;

  constructor(
    dht: SimulatedDht,
    id: Uint8Array,
    known: SimulatedNode[],
    options: { bootstrap: Contact[]; checksIds: boolean; host?: string },
  ) {
    this.#dht = dht;
    this.family = dht.family;
    this.id = id;
    this.#bootstrap = options.bootstrap;
    this.#checksIds = options.checksIds;
    this.#host = options.host;
    for (const node of known) this.learn(node);
  }

  /** Returns the number of queries of one kind, such as `get`, that the client has sent. */
  count(name: QueryName): number {
    return this.sent.filter((packet) => packet.name === name).length;
  }

  learn(node: SimulatedNode): void {
    if (this.#table.size < TABLE_SIZE) this.#table.set(node.host, node);
  }

  tableSize(): number {
    return this.#table.size;
  }

  closest(target: Uint8Array, count: number): Contact[] {
    return closestOf(this.#table.values(), new Place(target), count)
      .map(({ id, host, port }) => ({ id, host, port }));
  }

  isUnresponsive({ host }: Contact): boolean {
    return this.#dht.clock.now() - (this.#silent.get(host) ?? -Infinity) < SILENT_FOR_MS;
  }

  bootstrapContacts(): Contact[] {
    return this.#bootstrap;
  }

  query(
    to: Contact,
    name: QueryName,
    args: Record<string, unknown>,
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<QueryResult> {
    if (signal?.aborted) return Promise.resolve({ kind: "timeout" });
    const { clock, latencyMs: [least, most], loss, random } = this.#dht;
    const sentMs = clock.now();
    this.sent.push({ atMs: sentMs, to, name, args });
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    return new Promise((resolve) => {
      const settle = (result: QueryResult) => {
        timer.cancel();
        signal?.removeEventListener("abort", giveUp);
        this.underWay--;
        resolve(result);
      };
      const giveUp = () => {
        // The timeout is recorded even if the caller has given up on the query, as the engine's
        // node does.
        const isDead = !this.#dht.at(to)?.alive;
        if (isDead) this.#table.delete(to.host);
        if (isDead || silent) this.#silent.set(to.host, clock.now());
        settle({ kind: "timeout" });
      };
      const arrive = () => {
        const node = this.#dht.at(to);
        const answer = node?.alive
          ? node.answer({ name, args, from: this.#host })
          : { kind: "silent" as const };
        const waitedMs = clock.now() - sentMs;
        if (answer.kind === "silent") {
          silent = true;
          timer = clock.after(timeoutMs - waitedMs, giveUp);
        } else if (answer.delayMs !== undefined) {
          const lateMs = answer.delayMs - waitedMs;
          const late = answer.delayMs > timeoutMs;
          timer = late
            ? clock.after(timeoutMs - waitedMs, giveUp)
            : clock.after(lateMs, () => settle(this.#result(to, answer, sentMs)));
        } else settle(this.#result(to, answer, sentMs));
      };
      const lost = loss > 0 && random() < loss;
      let silent = lost;
      const tripMs = Math.round(least + random() * (most - least));
      let timer = lost ? clock.after(timeoutMs, giveUp) : clock.after(tripMs, arrive);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  #result(
    to: Contact,
    answer: { kind: "reply"; body: Record<string, unknown> } | { kind: "refused"; code: number },
    sentMs: number,
  ): QueryResult {
    const rttMs = this.#dht.clock.now() - sentMs;
    if (answer.kind === "refused") return { ...answer, message: "no", rttMs };
    const { id } = answer.body;
    if (this.#checksIds && to.id && id instanceof Uint8Array && !equalBytes(id, to.id)) {
      return { kind: "failed", why: "another node id" };
    }
    this.#silent.delete(to.host);
    const node = this.#dht.at(to);
    if (node) this.learn(node);
    return { kind: "reply", from: to, body: answer.body, rttMs };
  }
}

function digest(text: string): Uint8Array {
  return new Uint8Array(createHash("sha1").update(text).digest());
}
