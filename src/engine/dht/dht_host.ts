/**
 * The engine's DHT node: npm:k-rpc over the one UDP socket. {@linkcode DhtHost} opens the socket,
 * reopens it after a failure, keeps the routing table filled, and lends the node as a `DhtNode`
 * while the socket is open. WebTorrent creates and destroys the npm:bittorrent-dht object that uses
 * npm:k-rpc.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { type Clock, type Timer, toHex } from "../../base/mod.ts";
import { BencodeEncoder } from "../../bencode/mod.ts";
import type { Contact, DhtNode, QueryName, QueryResult, QueryValue } from "../../dht/mod.ts";
import { type Krpc, type KrpcError, QuerySocket } from "../libraries/mod.ts";
import { AnsweringNode, answerStrangers } from "./krpc_answers.ts";
import { Liveness } from "./liveness.ts";
import { QueryLimiter } from "./query_limiter.ts";
import { UtpResets } from "./utp_resets.ts";
import { type SocketFactory, type Traffic, UdpSocket } from "./udp_socket.ts";

/**
 * State of the DHT. `silent`: the socket is open, but no node responds. `why`: reason for `off`.
 */
export type DhtState =
  | { state: "on"; silent?: true }
  | { state: "starting" }
  | { state: "off"; why: string };

/** Options of {@linkcode DhtHost}. */
export interface DhtHostOptions {
  clock: Clock;
  /** Bootstrap addresses. The caller has resolved host names to addresses. */
  bootstrap: { host: string; port: number }[];
  /** Nodes that an earlier run saved. They are queried before the bootstrap addresses. */
  knownNodes?: Contact[];
  /** Whether to run read-only (BEP 43): other nodes then keep ours out of their routing tables. */
  readOnly?: boolean;
  /** Called when the state of the DHT changes. */
  onState?: (state: DhtState) => void;
  /** Creates UDP sockets. Default: real ones over IPv4. */
  createSocket?: SocketFactory;
}

/** First back-off delay before the socket is reopened or the routing table is refilled. */
const FIRST_RETRY_MS = 1_000;
/** Maximum back-off delay before the socket is reopened. */
const MAX_RETRY_MS = 5 * 60_000;
/**
 * Interval between checks of the routing table. It is also the maximum back-off delay between
 * checks while the table is empty or no node responds.
 */
const TABLE_CHECK_MS = 60_000;
/** Number of table nodes that are queried at each check while the DHT is silent. */
const PROBED = 8;
/** Average number of known nodes, chosen at random, that a retry adds to an empty routing table. */
const REFILL_NODES = 32;
/** Timeout of a query in npm:k-rpc. It also ends queries whose caller has stopped waiting. */
const KRPC_TIMEOUT_MS = 2_000;
/** Maximum number of queries of npm:k-rpc that are under way at the same time. */
const KRPC_CONCURRENCY = 256;
/**
 * Bucket size of the routing table. BEP 5 has 8, npm:k-rpc 20, libtorrent up to 128. With larger
 * buckets a lookup starts closer to its target, but each contact costs a ping every 15 minutes.
 */
const BUCKET_SIZE = 64;
/**
 * Number of contacts in a full bucket that are pinged to make room for a new node. By default
 * npm:k-rpc pings, for each new node, all contacts not heard from in the last ten seconds.
 */
const PINGED_FOR_ROOM = 1;
/** Number of consecutive timeouts after which a node is removed from the routing table. */
const MAX_TIMEOUTS = 2;
/** Time for which a node counts as unresponsive after a timeout. */
const UNRESPONSIVE_MS = 10 * 60_000;
/** Maximum number of unresponsive nodes remembered (LRU). */
const MAX_UNRESPONSIVE = 10_000;

/**
 * Maximum length of a message that our encoder writes, in bytes. None of our messages is longer.
 */
const MAX_MESSAGE_BYTES = 8_192;

/** Owns npm:k-rpc and the UDP socket that it uses. */
export class DhtHost {
  readonly krpc: Krpc;
  readonly #udp: UdpSocket;
  readonly #socket: QuerySocket;
  readonly #options: DhtHostOptions;
  readonly #liveness: Liveness;
  /**
   * For each unresponsive node: the number of consecutive timeouts, and the time of the last one.
   */
  readonly #unresponsive = new Map<string, { count: number; atMs: number }>();
  #state: DhtState = { state: "starting" };
  /** Nodes for refilling an empty table, from an earlier run or from before the DHT fell silent. */
  #known: Contact[];
  #isFilling = false;
  #port = 0;
  #retryMs = FIRST_RETRY_MS;
  #retry: Timer | undefined;
  #fillMs = FIRST_RETRY_MS;
  #fill: Timer | undefined;
  #closed = false;

  constructor(options: DhtHostOptions) {
    this.#options = options;
    this.#known = options.knownNodes ?? [];
    const limiter = new QueryLimiter(() => options.clock.now());
    this.#udp = new UdpSocket(options.createSocket, limiter);
    this.#udp.utpResets = new UtpResets(() => options.clock.now());
    this.#udp.onLost = (error) => this.#lost(`the UDP socket failed: ${error.message}`);
    this.#liveness = new Liveness((silent) => this.#onLivenessChange(silent));
    const { clock, readOnly = false } = options;
    const encoder = new BencodeEncoder({ maxBytes: MAX_MESSAGE_BYTES, omitMissing: true });
    this.#socket = new QuerySocket({
      clock,
      udp: this.#udp,
      encode: (message) => {
        const encoded = encoder.encode(message);
        return encoded && Buffer.from(encoded);
      },
      timeoutMs: KRPC_TIMEOUT_MS,
      readOnly,
      onOutcome: (error) => this.#liveness.count(error),
    });
    this.#udp.expected = this.#socket.transactions;
    this.krpc = new AnsweringNode({
      id: randomBytes(20),
      krpcSocket: this.#socket,
      nodes: options.bootstrap,
      // Queries whose caller has stopped waiting also count as concurrent, until their timeout.
      concurrency: KRPC_CONCURRENCY,
    }, { readOnly, family: 4, received: () => this.#udp.received });
    this.krpc.nodes.numberOfNodesPerKBucket = BUCKET_SIZE;
    this.krpc.nodes.numberOfNodesToPing = PINGED_FOR_ROOM;
    answerStrangers(this.krpc, this.#udp, { clock, family: 4 });
    this.#liveness.watch(this.krpc.nodes);
  }

  /** State of the DHT; see {@linkcode DhtState}. */
  get state(): DhtState {
    return this.#state;
  }

  /** Numbers of packets and bytes that the UDP socket has sent and received since the start. */
  get traffic(): Readonly<Traffic> {
    return this.#udp.traffic;
  }

  /** Lends the DHT node; `undefined` while its socket is closed. */
  node(): DhtNode | undefined {
    return this.#state.state === "on" && !this.#closed ? this.#lent : undefined;
  }

  /**
   * Nodes for the caller to save and to pass to the next start. While no node responds, these are
   * the nodes from before the DHT fell silent.
   */
  knownNodes(): Contact[] {
    return this.#liveness.isSilent ? this.#known : this.#table();
  }

  /** Adds bootstrap addresses. An empty routing table is filled from them at once. */
  addBootstrap(addresses: { host: string; port: number }[]): void {
    const { bootstrap } = this.krpc;
    for (const { host, port } of addresses) {
      if (bootstrap.some((one) => one.host === host && one.port === port)) continue;
      bootstrap.push({ host, port });
    }
    if (this.#closed || this.#state.state !== "on" || this.krpc.nodes.count() > 0) return;
    this.#fillMs = FIRST_RETRY_MS;
    this.#fill?.cancel();
    this.#populate();
  }

  /**
   * Opens the socket. On failure the state becomes `off`, and opening is retried with exponential
   * back-off (1 s to 5 min).
   *
   * @param port port number; 0 for any free one
   * @returns the bound port, or `undefined` if the socket could not be opened now
   */
  async open(port: number): Promise<number | undefined> {
    this.#port = port;
    this.#retry?.cancel();
    try {
      this.#port = await this.#udp.open(port);
    } catch (error) {
      this.#lost(openErrorMessage(error, port));
      return undefined;
    }
    if (this.#closed) return undefined;
    this.#retryMs = FIRST_RETRY_MS;
    this.#liveness.reset();
    this.#setState({ state: "on", silent: true });
    this.#populate();
    return this.#port;
  }

  /** Cancels all timers. WebTorrent destroys npm:k-rpc, which closes the socket. */
  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#fill?.cancel();
    this.#socket.timeouts.stop();
    // If the engine failed before WebTorrent took over npm:k-rpc, WebTorrent does not destroy it.
    if (!this.krpc.destroyed) this.krpc.destroy();
  }

  #setState(state: DhtState): void {
    this.#state = state;
    this.#options.onState?.(state);
  }

  #lost(why: string): void {
    if (this.#closed) return;
    this.#setState({ state: "off", why });
    this.#retry?.cancel();
    this.#retry = this.#options.clock.after(this.#retryMs, () => void this.open(this.#port));
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
  }

  /**
   * Updates the state when the DHT falls silent or responds again. Changes while the routing table
   * is being filled are ignored until the filling ends.
   */
  #onLivenessChange(silent: boolean): void {
    if (this.#state.state !== "on" || this.#closed || this.#isFilling) return;
    if ((this.#state.silent ?? false) === silent) return;
    this.#setState(silent ? { state: "on", silent: true } : { state: "on" });
    if (silent) this.#scheduleCheck();
  }

  #table(): Contact[] {
    return this.krpc.nodes.toArray().map(({ id, host, port }) => ({ id, host, port }));
  }

  /** Fills the routing table by a lookup of our own node id, as BEP 5 recommends to a new node. */
  #populate(): void {
    const isRetry = this.#fillMs > FIRST_RETRY_MS;
    for (const { id, host, port } of this.#known) {
      // The first attempt adds all known nodes to the table, and each retry a random sample.
      if (isRetry && Math.random() * this.#known.length > REFILL_NODES) continue;
      if (id && !this.krpc.nodes.get(id)) this.krpc.nodes.add({ id: Buffer.from(id), host, port });
    }
    const { id } = this.krpc;
    this.#isFilling = true;
    this.krpc.populate(id, { q: "find_node", a: { id, target: id } }, () => {
      this.#isFilling = false;
      this.#onLivenessChange(this.#liveness.isSilent);
      this.#scheduleCheck();
    });
  }

  /**
   * Queries some nodes of the routing table and the bootstrap addresses, to detect that the network
   * works again. Timeouts of these queries remove no node from the table, because the network is at
   * fault, not the nodes.
   */
  #probe(): void {
    const { id, nodes, bootstrap, socket } = this.krpc;
    const some = nodes.closest(randomBytes(id.length), PROBED);
    for (const contact of [...some, ...bootstrap]) {
      socket.query(contact, { q: "find_node", a: { id, target: id } }, () => {});
    }
    this.#scheduleCheck();
  }

  /**
   * Schedules the next check of the routing table. An empty table is refilled, and a table whose
   * nodes do not respond is probed, both with exponential back-off. Otherwise the check repeats
   * every minute.
   */
  #scheduleCheck(): void {
    if (this.#closed) return;
    const needsAction = this.#liveness.isSilent || this.krpc.nodes.count() === 0;
    if (!needsAction) this.#known = this.#table();
    const pauseMs = needsAction ? this.#fillMs : TABLE_CHECK_MS;
    this.#fillMs = needsAction ? Math.min(this.#fillMs * 2, TABLE_CHECK_MS) : FIRST_RETRY_MS;
    this.#fill?.cancel();
    this.#fill = this.#options.clock.after(pauseMs, () => {
      if (this.#state.state !== "on") return this.#scheduleCheck();
      if (this.krpc.nodes.count() === 0) this.#populate();
      else if (this.#liveness.isSilent) this.#probe();
      else this.#scheduleCheck();
    });
  }

  readonly #lent: DhtNode = ((host: DhtHost): DhtNode => ({
    get id() {
      return host.krpc.id;
    },
    family: 4,
    get port() {
      return host.#udp.port ?? 0;
    },
    tableSize: () => host.krpc.nodes.count(),
    closest: (target, count) =>
      host.krpc.nodes.closest(target, count)
        .map(({ id, host, port }) => ({ id, host, port })),
    isUnresponsive: (contact) => host.#isUnresponsive(contact),
    bootstrapContacts: () => host.krpc.bootstrap,
    query: (to, name, args, options) => host.#query(to, name, args, options),
  }))(this);

  #query(
    to: Contact,
    name: QueryName,
    args: Record<string, QueryValue>,
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<QueryResult> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve({ kind: "timeout" });
      if (!this.#udp.port) return resolve({ kind: "failed", why: "no UDP socket" });
      const { clock } = this.#options;
      const sentMs = performance.now();
      let transaction = 0;
      const settle = (result: QueryResult) => {
        timer?.cancel();
        signal?.removeEventListener("abort", giveUp);
        resolve(result);
      };
      // On an abort the caller stops waiting, but the query in npm:k-rpc continues until its
      // timeout. Lookups abort most slow queries; without their timeouts, dead nodes would stay in
      // the routing table.
      const giveUp = () => settle({ kind: "timeout" });
      // A timeout that is not shorter than npm:k-rpc's own needs no timer here, because one timer
      // covers all of npm:k-rpc's queries.
      const timer = timeoutMs >= KRPC_TIMEOUT_MS ? undefined : clock.after(timeoutMs, () => {
        this.#noteTimeout(to);
        giveUp();
        this.krpc.socket.cancel(transaction);
      });
      signal?.addEventListener("abort", giveUp, { once: true });
      const peer = { host: to.host, port: to.port, id: to.id && asBuffer(to.id) };
      const query = { q: name, a: { ...args, id: this.krpc.id } };
      transaction = this.krpc.socket.query(peer, query, (error, message) => {
        const rttMs = performance.now() - sentMs;
        if (error) return settle(this.#failure(error, to, rttMs));
        this.#unresponsive.delete(keyOf(to));
        settle({ kind: "reply", from: to, body: message?.r ?? {}, rttMs });
      });
    });
  }

  #failure(error: KrpcError, to: Contact, rttMs: number): QueryResult {
    if (error.code === "ETIMEDOUT") {
      this.#noteTimeout(to);
      return { kind: "timeout" };
    }
    if (error.code === "EUNEXPECTEDNODE") {
      if (to.id) this.krpc.nodes.remove(Buffer.from(to.id));
      return { kind: "failed", why: "another node id" };
    }
    if (typeof error.code === "number") {
      return { kind: "refused", code: error.code, message: error.message, rttMs };
    }
    return { kind: "failed", why: "not sent" };
  }

  #noteTimeout(to: Contact): void {
    if (!to.id) return;
    const key = keyOf(to);
    const count = (this.#unresponsive.get(key)?.count ?? 0) + 1;
    this.#unresponsive.delete(key);
    // The entry with the oldest timeout is evicted first. If that node is still dead, its next
    // query times out again.
    if (this.#unresponsive.size >= MAX_UNRESPONSIVE) {
      this.#unresponsive.delete(this.#unresponsive.keys().next().value!);
    }
    this.#unresponsive.set(key, { count, atMs: this.#options.clock.now() });
    if (count >= MAX_TIMEOUTS) this.krpc.nodes.remove(Buffer.from(to.id));
  }

  #isUnresponsive(contact: Contact): boolean {
    const entry = this.#unresponsive.get(keyOf(contact));
    return entry !== undefined &&
      Math.abs(this.#options.clock.now() - entry.atMs) < UNRESPONSIVE_MS;
  }
}

/**
 * Returns a `Buffer` over the same memory. npm:k-rpc-socket compares node ids with a method that
 * only `Buffer` has.
 */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function keyOf(contact: Contact): string {
  return contact.id ? toHex(contact.id) : `${contact.host}:${contact.port}`;
}

function openErrorMessage(error: unknown, port: number): string {
  const { code, message } = error as { code?: string; message: string };
  return code === "EADDRINUSE"
    ? `UDP port ${port} is taken by another program`
    : `UDP port ${port} cannot be opened: ${message}`;
}
