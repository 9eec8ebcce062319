/**
 * The engine's DHT node: k-rpc over the one UDP socket. `DhtHost` opens the socket, reopens it after a
 * failure, keeps the routing table filled, and lends the node as a `DhtNode` while the socket is open.
 * WebTorrent creates and ends the bittorrent-dht object on top of k-rpc.
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
import { type SocketFactory, type Traffic, UdpSocket } from "./udp_socket.ts";

/**
 * State of the DHT, with the reason if it is off. `silent` means that the socket is open and no node
 * responds.
 */
export type DhtState =
  | { state: "on"; silent?: true }
  | { state: "starting" }
  | { state: "off"; why: string };

/** Options of {@linkcode DhtHost}. */
export interface DhtHostOptions {
  clock: Clock;
  /** Bootstrap addresses; the caller resolves host names. */
  bootstrap: { host: string; port: number }[];
  /** Nodes of an earlier run, queried before the bootstrap addresses. */
  knownNodes?: Contact[];
  /** Run read-only (BEP 43): other nodes do not add ours to their routing tables. */
  readOnly?: boolean;
  /** Called when the state changes. */
  onState?: (state: DhtState) => void;
  /** Opens sockets; default: UDP over IPv4. */
  createSocket?: SocketFactory;
}

/** Initial back-off for reopening the socket and refilling the table. */
const FIRST_RETRY_MS = 1_000;
/** Maximum back-off for reopening the socket. */
const MAX_RETRY_MS = 5 * 60_000;
/** Interval of checks for an empty routing table, and maximum back-off of checks for a silent one. */
const TABLE_CHECK_MS = 60_000;
/** Nodes of a silent table that are queried in each check, besides the bootstrap addresses. */
const PROBED = 8;
/** Average number of previously known nodes added to an empty table at each retry. */
const REFILL_NODES = 32;
/** Timeout of k-rpc's own queries, and of those whose caller has given up. */
const KRPC_TIMEOUT_MS = 2_000;
/** Maximum number of k-rpc queries under way. */
const KRPC_CONCURRENCY = 256;
/**
 * Bucket size of the routing table. BEP 5 has 8, k-rpc 20, libtorrent up to 128. With larger buckets a
 * lookup starts closer to its target; each contact costs a ping every 15 minutes.
 */
const BUCKET_SIZE = 64;
/**
 * Contacts of a full bucket that are pinged to make room for a new one. k-rpc would ping all contacts not
 * heard from in the last ten seconds, for each new node.
 */
const PINGED_FOR_ROOM = 1;
/** Consecutive timeouts after which a node leaves the routing table. */
const MAX_TIMEOUTS = 2;
/** How long a node counts as unresponsive after a timeout. */
const UNRESPONSIVE_MS = 10 * 60_000;
/** Maximum number of unresponsive nodes remembered (LRU). */
const MAX_UNRESPONSIVE = 10_000;

/** Longest message that our encoder writes, bytes; no message of ours is longer. */
const MAX_MESSAGE_BYTES = 8_192;

/** Owns k-rpc and the UDP socket under it. */
export class DhtHost {
  readonly krpc: Krpc;
  readonly #udp: UdpSocket;
  readonly #socket: QuerySocket;
  readonly #options: DhtHostOptions;
  readonly #liveness: Liveness;
  /** Unresponsive nodes: number of consecutive timeouts, and time of the last. */
  readonly #unresponsive = new Map<string, { count: number; atMs: number }>();
  #state: DhtState = { state: "starting" };
  /** Nodes to refill an empty table with: those of an earlier run, or from before the DHT fell silent. */
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
      // Queries whose caller has given up count too, until their timeout.
      concurrency: KRPC_CONCURRENCY,
    }, { readOnly, received: () => this.#udp.received });
    this.krpc.nodes.numberOfNodesPerKBucket = BUCKET_SIZE;
    this.krpc.nodes.numberOfNodesToPing = PINGED_FOR_ROOM;
    answerStrangers(this.krpc, this.#udp, clock);
    this.#liveness.watch(this.krpc.nodes);
  }

  /** State of the DHT, with the reason if it is off. */
  get state(): DhtState {
    return this.#state;
  }

  /** Traffic since the start. */
  get traffic(): Readonly<Traffic> {
    return this.#udp.traffic;
  }

  /** The node to borrow; `undefined` while its socket is closed. */
  node(): DhtNode | undefined {
    return this.#state.state === "on" && !this.#closed ? this.#lent : undefined;
  }

  /** Nodes to be kept for the next start; while the DHT is silent, those from before. */
  knownNodes(): Contact[] {
    return this.#liveness.isSilent ? this.#known : this.#table();
  }

  /** Adds bootstrap addresses; an empty routing table is filled from them at once. */
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
   * Opens the socket. On failure the state becomes `off`, and opening is retried with exponential back-off
   * (1 s to 5 min).
   *
   * @param port 0 for any free one
   * @returns the bound port, or `undefined` if it could not be opened now
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

  /** Stops all timers and retries. WebTorrent ends k-rpc and with it the socket. */
  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#fill?.cancel();
    this.#socket.timeouts.stop();
    // The engine may have failed before WebTorrent took k-rpc over.
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

  /** Updates the state when the DHT falls silent or responds; not while the table is being filled. */
  #onLivenessChange(silent: boolean): void {
    if (this.#state.state !== "on" || this.#closed || this.#isFilling) return;
    if ((this.#state.silent ?? false) === silent) return;
    this.#setState(silent ? { state: "on", silent: true } : { state: "on" });
    if (silent) this.#scheduleCheck();
  }

  #table(): Contact[] {
    return this.krpc.nodes.toArray().map(({ id, host, port }) => ({ id, host, port }));
  }

  /** Fills the routing table by a lookup of our own id, as a new node should (BEP 5). */
  #populate(): void {
    const isRetry = this.#fillMs > FIRST_RETRY_MS;
    for (const { id, host, port } of this.#known) {
      // All known nodes are added the first time, and a random sample at each retry.
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
   * Queries some nodes of the table and the bootstrap addresses, to notice when the network is back.
   * Timeouts here remove no node from the table, because the network is at fault, not the nodes.
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
   * Schedules the next check of the routing table. An empty table is refilled and a silent one is probed,
   * both with exponential back-off; otherwise the check repeats every minute.
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
      // After an abort the caller stops waiting, but the k-rpc query goes on until its timeout. Lookups end
      // long before that, and without it the routing table would never lose a dead node.
      const giveUp = () => settle({ kind: "timeout" });
      // A timeout as long as k-rpc's own needs no timer here: k-rpc has one timer for all queries.
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
    // The oldest timeout is evicted first; a dead node that is met again times out again.
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

/** A `Buffer` over the same bytes, because npm:k-rpc-socket compares ids with a method of `Buffer`. */
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
