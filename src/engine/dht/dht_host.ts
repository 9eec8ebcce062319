/**
 * The DHT node of one address family: npm:k-rpc over one UDP socket. {@linkcode DhtHost} opens the
 * socket, reopens it after a failure, keeps the routing table filled, and lends the node as a
 * `DhtNode` while the socket is open. For IPv4, WebTorrent creates and destroys the
 * npm:bittorrent-dht object that uses npm:k-rpc.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { type Family, parseAddress, type Timer } from "../../base/mod.ts";
import { BencodeEncoder } from "../../bencode/mod.ts";
import type { Contact, DhtNode } from "../../dht/mod.ts";
import { fitsAddress, makeNodeId } from "../../reachability/mod.ts";
import { changeNodeId, type Krpc, QuerySocket } from "../libraries/mod.ts";
import { AddressProbe } from "./address_probe.ts";
import type { DhtHostOptions, DhtState } from "./dht_host_options.ts";
import { AnsweringNode, answerStrangers } from "./krpc_answers.ts";
import { KRPC_TIMEOUT_MS, LentNode } from "./lent_node.ts";
import { Liveness } from "./liveness.ts";
import { QueryLimiter } from "./query_limiter.ts";
import { UnresponsiveNodes } from "./unresponsive_nodes.ts";
import { fillTable } from "./table_filler.ts";
import { TableUpkeep } from "./table_upkeep.ts";
import { UtpPackets } from "./utp_packets.ts";
import type { Traffic } from "./traffic.ts";
import { describeOpenError, UdpSocket } from "./udp_socket.ts";

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
/** Number of nodes below which a table of IPv6 is small. A search takes few packets then. */
const SMALL_TABLE = 16;
/** Average number of known nodes, chosen at random, that a retry adds to an empty routing table. */
const REFILL_NODES = 32;
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
/** Maximum length of a message that our encoder writes, in bytes. None of our messages is longer. */
const MAX_MESSAGE_BYTES = 8_192;

/** Owns npm:k-rpc and the UDP socket that it uses. */
export class DhtHost {
  readonly krpc: Krpc;
  /** The uTP packets of the UDP socket. */
  readonly utp: UtpPackets;
  readonly #udp: UdpSocket;
  readonly #socket: QuerySocket;
  readonly #options: DhtHostOptions;
  readonly #liveness: Liveness;
  readonly #unresponsive: UnresponsiveNodes;
  readonly #probe: AddressProbe;
  readonly #lent: DhtNode;
  /** For IPv6 only, because WebTorrent runs npm:bittorrent-dht for the node of IPv4. */
  readonly #upkeep: TableUpkeep | undefined;
  #state: DhtState = { state: "starting" };
  #opening: Promise<number | undefined> | undefined;
  /** Nodes for refilling an empty table, from an earlier run or from before the DHT fell silent. */
  #known: Contact[];
  #isFilling = false;
  #port = 0;
  #retryMs = FIRST_RETRY_MS;
  #retry: Timer | undefined;
  #fillMs = FIRST_RETRY_MS;
  #fill: Timer | undefined;
  /** The reason for which no socket is opened; `undefined` while a socket may be opened. */
  #suspended: string | undefined;
  #closed = false;

  constructor(options: DhtHostOptions) {
    this.#options = options;
    this.#known = options.knownNodes ?? [];
    const { clock, family, createSocket, localAddress, readOnly = false, counts } = options;
    this.#unresponsive = new UnresponsiveNodes(clock);
    const limiter = new QueryLimiter(() => clock.now());
    this.#udp = new UdpSocket(createSocket, limiter, localAddress, counts);
    this.utp = this.#udp.utp = new UtpPackets(clock, this.#udp);
    this.#udp.onLost = (error) => this.#lost(`the UDP socket failed: ${error.message}`);
    this.#liveness = new Liveness((silent) => this.#onLivenessChange(silent));
    const encoder = new BencodeEncoder({ maxBytes: MAX_MESSAGE_BYTES, omitMissing: true });
    this.#socket = new QuerySocket({
      clock,
      udp: this.#udp,
      encode: (message) => {
        const encoded = encoder.encode(message);
        return encoded && Buffer.from(encoded);
      },
      timeoutMs: KRPC_TIMEOUT_MS,
      queryBytes: () => this.#udp.received?.lengthBytes,
      readOnly,
      counts,
      onOutcome: (error, roundTripMs) => {
        this.#liveness.count(error);
        if (!error) options.roundTrips?.add(roundTripMs);
      },
      onAddress: (voter, claim) => options.onAddressVote?.(voter, claim),
    });
    this.#udp.expected = this.#socket.transactions;
    this.krpc = new AnsweringNode({
      id: randomBytes(20),
      krpcSocket: this.#socket,
      nodes: options.bootstrap,
      // Queries whose caller has stopped waiting also count as concurrent, until their timeout.
      concurrency: KRPC_CONCURRENCY,
    }, {
      readOnly,
      family,
      other: () => options.other?.(),
      received: () => this.#udp.received,
    });
    this.krpc.nodes.numberOfNodesPerKBucket = BUCKET_SIZE;
    this.krpc.nodes.numberOfNodesToPing = PINGED_FOR_ROOM;
    answerStrangers(this.krpc, this.#udp, { clock, family });
    this.#liveness.watch(this.krpc.nodes);
    this.#lent = new LentNode(this.krpc, this.#udp, {
      clock,
      family,
      unresponsive: this.#unresponsive,
    });
    this.#upkeep = family === 6 ? new TableUpkeep(this.krpc, clock) : undefined;
    this.#probe = new AddressProbe(this.krpc, options);
  }

  /** State of the DHT; see {@linkcode DhtState}. */
  get state(): DhtState {
    return this.#state;
  }

  /** Numbers of packets and bytes that the UDP socket has sent and received since the start. */
  get traffic(): Readonly<Traffic> {
    return this.#udp.traffic;
  }

  /** Family of the node's addresses. */
  get family(): Family {
    return this.#options.family;
  }

  /** Address to which the UDP socket is bound; `undefined` for all. */
  get localAddress(): string | undefined {
    return this.#udp.localAddress;
  }

  /** Closes the socket, and opens one that is bound to another address. */
  async rebind(localAddress: string | undefined): Promise<void> {
    this.#udp.localAddress = localAddress;
    await this.#opening;
    this.#udp.drop("the address of this machine has changed");
    this.#retryMs = FIRST_RETRY_MS;
    if (!this.#closed) await this.open(this.#port);
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
    if (addresses.length > 0 && this.#state.alone) this.#setState(this.#silentState());
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
  open(port: number): Promise<number | undefined> {
    // One at a time: a second socket of the port would fail, and hide that the first is open.
    return this.#opening ??= this.#open(port).finally(() => this.#opening = undefined);
  }

  async #open(port: number): Promise<number | undefined> {
    this.#port = port;
    this.#retry?.cancel();
    if (this.#suspended !== undefined) {
      this.#setState({ state: "off", why: this.#suspended });
      return undefined;
    }
    try {
      this.#port = await this.#udp.open(port);
    } catch (error) {
      this.#lost(describeOpenError(error, port));
      return undefined;
    }
    if (this.#closed) return undefined;
    if (this.#suspended !== undefined) {
      this.#udp.drop(this.#suspended);
      return undefined;
    }
    this.#retryMs = FIRST_RETRY_MS;
    this.#liveness.reset();
    this.#setState(this.#silentState());
    this.#populate();
    if (!this.#options.readOnly) this.#probe.start();
    this.#upkeep?.start();
    return this.#port;
  }

  /**
   * Takes a new node id unless the present one fits the external address (BEP 42), and looks for the
   * neighbours of the new id. Stored items and peers stay. A read-only node keeps its id, because no
   * node remembers it.
   *
   * @param address external address as text
   */
  setExternalAddress(address: string): void {
    const bytes = parseAddress(address);
    if (!bytes || this.#options.readOnly || fitsAddress(this.krpc.id, address)) return;
    changeNodeId(this.krpc, Buffer.from(makeNodeId(bytes)));
    if (!this.#closed && this.#state.state === "on") this.#populate();
  }

  /** Asks many nodes at which address they see us. */
  surveyAddress(): void {
    if (!this.#closed && this.#state.state === "on") this.#probe.survey();
  }

  /**
   * Forgets which nodes did not answer, and looks for nodes at once, because this machine is in
   * another network now.
   */
  networkChanged(): void {
    this.#unresponsive.clear();
    if (this.#closed) return;
    if (this.#state.state === "off" && this.#retry) {
      this.#retryMs = FIRST_RETRY_MS;
      void this.open(this.#port);
    } else if (this.#state.state === "on") {
      this.#fillMs = FIRST_RETRY_MS;
      this.#fill?.cancel();
      if (this.krpc.nodes.count() === 0) this.#populate();
      else this.#probeTable();
      this.#probe.survey();
    }
  }

  /** Closes the socket, and opens none until {@linkcode DhtHost.resume}. */
  suspend(why: string): void {
    this.#suspended = why;
    this.#udp.drop(why);
    this.#lost(why);
  }

  /** Opens the socket again after {@linkcode DhtHost.suspend}. */
  resume(): void {
    if (this.#suspended === undefined) return;
    this.#suspended = undefined;
    this.#retryMs = FIRST_RETRY_MS;
    if (!this.#closed) void this.open(this.#port);
  }

  /** Cancels all timers. WebTorrent destroys npm:k-rpc, which closes the socket. */
  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#fill?.cancel();
    this.#probe.stop();
    this.#upkeep?.stop();
    this.#socket.timeouts.stop();
    // If the engine failed before WebTorrent took over npm:k-rpc, WebTorrent does not destroy it.
    if (!this.krpc.destroyed) this.krpc.destroy();
  }

  #setState(state: DhtState): void {
    this.#state = state;
    this.#options.onState?.(state);
  }

  /** The state while no node responds. */
  #silentState(): DhtState {
    const isAlone = this.krpc.bootstrap.length + this.#known.length + this.krpc.nodes.count() === 0;
    return { state: "on", silent: true, ...(isAlone && { alone: true }) };
  }

  #lost(why: string): void {
    if (this.#closed) return;
    this.#setState({ state: "off", why: this.#suspended ?? why });
    this.#retry?.cancel();
    if (this.#suspended !== undefined) return;
    this.#retry = this.#options.clock.after(this.#retryMs, () => void this.open(this.#port));
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
  }

  /** Updates the state when the DHT falls silent or responds again, except while the table fills. */
  #onLivenessChange(silent: boolean): void {
    if (this.#state.state !== "on" || this.#closed || this.#isFilling) return;
    if ((this.#state.silent ?? false) === silent) return;
    this.#setState(silent ? this.#silentState() : { state: "on" });
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
    this.#search();
  }

  #search(): void {
    const { krpc } = this;
    const { family, other } = this.#options;
    const done = () => {
      this.#isFilling = false;
      this.#onLivenessChange(this.#liveness.isSilent);
      this.#scheduleCheck();
    };
    this.#isFilling = true;
    if (family === 6) void fillTable({ krpc, other: other?.() }).then(done);
    else krpc.populate(krpc.id, { q: "find_node", a: { id: krpc.id, target: krpc.id } }, done);
  }

  /**
   * Queries some nodes of the routing table and the bootstrap addresses, to detect that the network
   * works again. Timeouts of these queries remove no node from the table, because the network is at
   * fault, not the nodes.
   */
  #probeTable(): void {
    const { id, nodes, bootstrap, socket } = this.krpc;
    const some = nodes.closest(randomBytes(id.length), PROBED);
    for (const contact of [...some, ...bootstrap]) {
      socket.query(contact, { q: "find_node", a: { id, target: id } }, () => {});
    }
    this.#scheduleCheck();
  }

  /**
   * Schedules the next check of the routing table. An empty table is refilled, a small one of IPv6
   * is searched again, and a table whose nodes do not respond is probed, all with exponential
   * back-off. Otherwise the check repeats every minute.
   */
  #scheduleCheck(): void {
    if (this.#closed) return;
    const isLost = this.#liveness.isSilent || this.krpc.nodes.count() === 0;
    if (!isLost) this.#known = this.#table();
    const needsAction = isLost || this.#isSmall;
    const pauseMs = needsAction ? this.#fillMs : TABLE_CHECK_MS;
    this.#fillMs = needsAction ? Math.min(this.#fillMs * 2, TABLE_CHECK_MS) : FIRST_RETRY_MS;
    this.#fill?.cancel();
    this.#fill = this.#options.clock.after(pauseMs, () => {
      if (this.#state.state !== "on") return this.#scheduleCheck();
      if (this.krpc.nodes.count() === 0) this.#populate();
      else if (this.#liveness.isSilent) this.#probeTable();
      else if (this.#isSmall) this.#search();
      else this.#scheduleCheck();
    });
  }

  /** Whether a table of IPv6 has so few nodes that another search is worth its packets. */
  get #isSmall(): boolean {
    return this.#options.family === 6 && this.krpc.nodes.count() < SMALL_TABLE;
  }
}
