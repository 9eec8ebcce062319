/**
 * The engine's DHT node: k-rpc over the one UDP socket, with its answers kept short. Opens the
 * socket, opens it again after it was lost, and lends the node out as a narrow `DhtNode` while it
 * is there. The bittorrent-dht object on top of it is made and ended by WebTorrent, inside the
 * engine.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import createKrpc from "k-rpc";
import createKrpcSocket from "k-rpc-socket";
import { type Clock, type Timer, toHex } from "../../base/mod.ts";
import type { Contact, DhtNode, QueryName, QueryResult, QueryValue } from "../../dht/mod.ts";
import {
  type Krpc,
  KrpcEncoder,
  type KrpcError,
  type KrpcSocket,
  QueryTimeouts,
  Transactions,
} from "../libraries/mod.ts";
import { answerStrangers } from "./krpc_answers.ts";
import { Liveness } from "./liveness.ts";
import { QueryLimiter } from "./query_limiter.ts";
import { type SocketFactory, type Traffic, UdpSocket } from "./udp_socket.ts";

/**
 * Whether the DHT is there, and if not, why. It is there and `silent` as long as no node answers: there
 * is a socket, and no network behind it.
 */
export type DhtState =
  | { state: "on"; silent?: true }
  | { state: "starting" }
  | { state: "off"; why: string };

/** Options of {@linkcode DhtHost}. */
export interface DhtHostOptions {
  clock: Clock;
  /** Addresses to begin with; host names are looked up by the caller. */
  bootstrap: { host: string; port: number }[];
  /** Nodes of an earlier run, asked before the bootstrap addresses. */
  knownNodes?: Contact[];
  /** Take part without being part of the DHT (BEP 43). */
  readOnly?: boolean;
  /** Called when the state changes. */
  onState?: (state: DhtState) => void;
  /** Opens sockets; the system's UDP over IPv4 unless a test hands in another. */
  createSocket?: SocketFactory;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 5 * 60_000;
/** How often to look whether the routing table has run empty, and most seldom whether anybody answers. */
const TABLE_CHECK_MS = 60_000;
/** Nodes of the table that are asked, beside those to begin with, whether they answer again. */
const PROBED = 8;
/** Nodes of an earlier run, or of before the network went away, with which an empty table is filled again. */
const KNOWN_AGAIN = 32;
/** How long k-rpc's own queries wait, and those that nobody waits for any more. */
const KRPC_TIMEOUT_MS = 2_000;
const KRPC_CONCURRENCY = 256;
/**
 * Contacts of each distance in the routing table. BEP 5 has 8, k-rpc 20, libtorrent up to 128: the more
 * there are, the closer to any target a lookup begins. A contact is pinged every quarter of an hour.
 */
const BUCKET_SIZE = 64;
/**
 * So many contacts of a full bucket are pinged, to make room for a new one. k-rpc would ping all that
 * were not heard of in the last ten seconds, at every new node that is met.
 */
const PINGED_FOR_ROOM = 1;
/** A node silent this many times in a row leaves the routing table. */
const MAX_SILENCES = 2;
/** A node that was silent is passed over for so long where there are others. */
const SILENT_FOR_MS = 10 * 60_000;
const MAX_SILENT = 10_000;

/** Owns k-rpc and the UDP socket under it. */
export class DhtHost {
  readonly krpc: Krpc;
  readonly #udp: UdpSocket;
  readonly #timeouts: QueryTimeouts;
  readonly #options: DhtHostOptions;
  readonly #silence: Liveness;
  /** Nodes that did not answer: how many times in a row, and when last. */
  readonly #silences = new Map<string, { count: number; atMs: number }>();
  #state: DhtState = { state: "starting" };
  /** Whom to begin with when the table is empty: those of an earlier run, or of before all fell silent. */
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
    const krpcSocket = createKrpcSocket({ socket: this.#udp });
    encodeFaster(krpcSocket, this.#udp);
    const transactions = new Transactions(() => options.clock.now());
    transactions.watch(krpcSocket);
    this.#timeouts = new QueryTimeouts(options.clock, KRPC_TIMEOUT_MS);
    this.#timeouts.watch(krpcSocket);
    this.#udp.expected = transactions;
    this.krpc = createKrpc({
      id: randomBytes(20),
      krpcSocket,
      nodes: options.bootstrap,
      // Beyond this its own queries wait; those that nobody waits for any more count.
      concurrency: KRPC_CONCURRENCY,
    }) as unknown as Krpc;
    this.krpc.nodes.numberOfNodesPerKBucket = BUCKET_SIZE;
    this.krpc.nodes.numberOfNodesToPing = PINGED_FOR_ROOM;
    answerStrangers(this.krpc, this.#udp, options);
    this.#silence = new Liveness((silent) => this.#onSilence(silent));
    this.#silence.watch(this.krpc);
  }

  /** Whether the DHT is there, and if not, why. */
  get state(): DhtState {
    return this.#state;
  }

  /** Packets and bytes since the start. */
  get traffic(): Readonly<Traffic> {
    return this.#udp.traffic;
  }

  /** The node to lend, while its socket is open. */
  node(): DhtNode | undefined {
    return this.#state.state === "on" && !this.#closed ? this.#lent : undefined;
  }

  /** The nodes of the routing table, for the next start. */
  knownNodes(): Contact[] {
    return this.#silence.isSilent ? this.#known : this.#table();
  }

  /** Names more addresses to begin with; an empty routing table is filled from them at once. */
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
   * Opens the socket. If the port is taken the state becomes `off`, and opening is tried again with
   * growing pauses (1 s to 5 min).
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
      this.#lost(explain(error, port));
      return undefined;
    }
    if (this.#closed) return undefined;
    this.#retryMs = FIRST_RETRY_MS;
    this.#silence.begin();
    this.#setState({ state: "on", silent: true });
    this.#populate();
    return this.#port;
  }

  /** No more attempts to open the socket. WebTorrent ends k-rpc and with it the socket. */
  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#fill?.cancel();
    this.#timeouts.stop();
    // Covers an engine that failed before WebTorrent took k-rpc over.
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
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  /** Somebody answers again, or nobody any more. While the table is being filled it can wait. */
  #onSilence(silent: boolean): void {
    if (this.#state.state !== "on" || this.#closed || this.#isFilling) return;
    if ((this.#state.silent ?? false) === silent) return;
    this.#setState(silent ? { state: "on", silent: true } : { state: "on" });
    if (silent) this.#lookAgain();
  }

  #table(): Contact[] {
    return this.krpc.nodes.toArray().map(({ id, host, port }) => ({ id, host, port }));
  }

  /** Fills the routing table: asks for our own neighbourhood, as BEP 5 has a new node do. */
  #populate(): void {
    const again = this.#fillMs > FIRST_RETRY_MS;
    for (const { id, host, port } of this.#known) {
      // All of them the first time, and some each time that nobody has answered.
      if (again && Math.random() * this.#known.length > KNOWN_AGAIN) continue;
      if (id && !this.krpc.nodes.get(id)) this.krpc.nodes.add({ id: Buffer.from(id), host, port });
    }
    const { id } = this.krpc;
    this.#isFilling = true;
    this.krpc.populate(id, { q: "find_node", a: { id, target: id } }, () => {
      this.#isFilling = false;
      this.#onSilence(this.#silence.isSilent);
      this.#lookAgain();
    });
  }

  /**
   * Asks some nodes of the table, and those to begin with, whether the network is back. Nobody leaves
   * the table for being silent now: it is the network that is, and they are needed once it is back.
   */
  #probe(): void {
    const { id, nodes, bootstrap, socket } = this.krpc;
    const some = nodes.closest(randomBytes(id.length), PROBED);
    for (const contact of [...some, ...bootstrap]) {
      socket.query(contact, { q: "find_node", a: { id, target: id } }, () => {});
    }
    this.#lookAgain();
  }

  /**
   * A table that is empty, because the machine was offline at the start or the network went away, is
   * filled anew with growing pauses, and one whose nodes are silent is asked; another is looked at now
   * and then.
   */
  #lookAgain(): void {
    if (this.#closed) return;
    const isPressing = this.#silence.isSilent || this.krpc.nodes.count() === 0;
    if (!isPressing) this.#known = this.#table();
    const pauseMs = isPressing ? this.#fillMs : TABLE_CHECK_MS;
    this.#fillMs = isPressing ? Math.min(this.#fillMs * 2, TABLE_CHECK_MS) : FIRST_RETRY_MS;
    this.#fill?.cancel();
    this.#fill = this.#options.clock.after(pauseMs, () => {
      if (this.#state.state !== "on") return this.#lookAgain();
      if (this.krpc.nodes.count() === 0) this.#populate();
      else if (this.#silence.isSilent) this.#probe();
      else this.#lookAgain();
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
      // Nobody waits any more, but k-rpc does, until its own time-out: a lookup ends long before a dead
      // node's time is over, and the routing table would never lose it.
      const giveUp = () => settle({ kind: "timeout" });
      // k-rpc's own time-out says the same, and has one timer for all.
      const timer = timeoutMs >= KRPC_TIMEOUT_MS ? undefined : clock.after(timeoutMs, () => {
        this.#silent(to);
        giveUp();
        this.krpc.socket.cancel(transaction);
      });
      signal?.addEventListener("abort", giveUp, { once: true });
      const peer = { host: to.host, port: to.port, id: to.id && asBuffer(to.id) };
      const query = { q: name, a: { ...args, id: this.krpc.id } };
      transaction = this.krpc.socket.query(peer, query, (error, message) => {
        const rttMs = performance.now() - sentMs;
        if (error) return settle(this.#failure(error, to, rttMs));
        this.#silences.delete(keyOf(to));
        settle({ kind: "reply", from: to, body: message?.r ?? {}, rttMs });
      });
    });
  }

  #failure(error: KrpcError, to: Contact, rttMs: number): QueryResult {
    if (error.code === "ETIMEDOUT") {
      this.#silent(to);
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

  #silent(to: Contact): void {
    if (!to.id) return;
    const key = keyOf(to);
    const count = (this.#silences.get(key)?.count ?? 0) + 1;
    this.#silences.delete(key);
    // The longest silent is forgotten first: a node that lies dead is met again soon enough.
    if (this.#silences.size >= MAX_SILENT) {
      this.#silences.delete(this.#silences.keys().next().value!);
    }
    this.#silences.set(key, { count, atMs: this.#options.clock.now() });
    if (count >= MAX_SILENCES) this.krpc.nodes.remove(Buffer.from(to.id));
  }

  #isUnresponsive(contact: Contact): boolean {
    const silence = this.#silences.get(keyOf(contact));
    return silence !== undefined &&
      Math.abs(this.#options.clock.now() - silence.atMs) < SILENT_FOR_MS;
  }
}

/** The same bytes; npm:k-rpc-socket compares ids with a method of `Buffer`. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function keyOf(contact: Contact): string {
  return contact.id ? toHex(contact.id) : `${contact.host}:${contact.port}`;
}

function explain(error: unknown, port: number): string {
  const { code, message } = error as { code?: string; message: string };
  return code === "EADDRINUSE"
    ? `UDP port ${port} is taken by another program`
    : `UDP port ${port} cannot be opened: ${message}`;
}

/** Has the socket's messages encoded by us; what we cannot, by its own encoder. */
function encodeFaster(socket: KrpcSocket, udp: UdpSocket): void {
  const encoder = new KrpcEncoder();
  const send = socket.send.bind(socket);
  socket.send = (peer, message, done) => {
    const bytes = encoder.encode(message);
    if (!bytes) return send(peer, message, done);
    udp.send(bytes, 0, bytes.length, peer.port, (peer.address ?? peer.host)!, done);
  };
}
