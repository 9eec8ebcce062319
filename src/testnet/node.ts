/**
 * One node of a testnet: a real node of npm:bittorrent-dht with its own UDP socket, and counters of
 * the queries that it receives. `testnet.ts` creates the nodes and fills their routing tables. A node
 * of IPv6 has the socket of `ipv6_socket.ts`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import DHT from "bittorrent-dht";
import krpc from "k-rpc";
import { messageOf, toHex } from "../base/mod.ts";
import { verifySignature } from "../identity/mod.ts";
import { TestnetError } from "./errors.ts";
import { ALIAS, Ipv6Socket, LOOPBACK_6 } from "./ipv6_socket.ts";
import { storedItems } from "./stored_items.ts";

/** Maximum number of items that a node stores; the oldest is dropped. */
const MAX_VALUES = 10_000;
/** Maximum number of queries in {@linkcode ReceivedQueries.last}. */
const MAX_LAST = 256;

/** A DHT query that a testnet node received. */
export interface ReceivedQuery {
  /** Query name of BEP 5 or BEP 44: `ping`, `find_node`, `get_peers`, `announce_peer`, `get`, `put`. */
  query: string;
  /** Source IP address of the query's packet. */
  host: string;
  /** Source UDP port of the query's packet. */
  port: number;
  /** Id of the sender, 40 hexadecimal digits, as the query claims; empty if it has none. */
  senderHex: string;
}

/** Number of queries that a node received, by query name; unknown names are counted as `other`. */
export interface QueryCounts {
  ping: number;
  find_node: number;
  get_peers: number;
  announce_peer: number;
  get: number;
  put: number;
  other: number;
}

/** Queries that a testnet node received since it started. */
export interface ReceivedQueries {
  readonly counts: Readonly<QueryCounts>;
  /** The last 256 received queries, oldest first. */
  readonly last: readonly ReceivedQuery[];
}

/** One node of a testnet, a local DHT for tests. */
export interface TestnetNode {
  /** Address that the node binds. */
  readonly host: string;
  /** UDP port of the node. */
  readonly port: number;
  /** Node id, 20 bytes in hexadecimal. */
  readonly idHex: string;
  /** Queries that the node has received; updated while the node runs. */
  readonly received: ReceivedQueries;
  /** Whether {@linkcode TestnetNode.kill} was called. */
  readonly killed: boolean;
  /** Number of nodes in this node's routing table. */
  contacts(): number;
  /** BEP 44 targets of the stored items, in hexadecimal. */
  storedTargets(): string[];
  /** Returns the `seq` of the item stored for a target (0 for an immutable item), or `undefined`. */
  holds(targetHex: string): { seq: number } | undefined;
  /** Deletes the item stored for a target, as if it had expired. */
  forget(targetHex: string): void;
  /** Ends the node without notice to other nodes, like a crash. Resolves when its socket is closed. */
  kill(): Promise<void>;
}

/**
 * Types of the members of npm:bittorrent-dht that this file uses; the npm package has no types of
 * its own.
 */
interface DhtClient {
  on(event: "listening", listener: () => void): void;
  on(event: "error" | "warning", listener: (error: Error) => void): void;
  listen(port: number, host: string): void;
  address(): { port: number };
  addNode(node: { id: Buffer; host: string; port: number }): void;
  destroy(done: () => void): void;
  nodes: { count(): number };
}

/** Types of the members of npm:k-rpc that this file uses. */
interface Rpc {
  on(
    event: "query",
    listener: (
      query: { q?: unknown; a?: { id?: unknown } },
      from: { address: string; port: number },
    ) => void,
  ): void;
  /** Socket of npm:k-rpc-socket, which passes incoming queries to npm:k-rpc. */
  socket: {
    listeners(event: "query"): ((query: { ro?: unknown }, from: unknown) => void)[];
    removeAllListeners(event: "query"): void;
    on(event: "query", listener: (query: { ro?: unknown }, from: unknown) => void): void;
  };
  emit(event: "query", query: unknown, from: unknown): void;
  bootstrap: { host: string; port: number }[];
  response(
    peer: unknown,
    query: unknown,
    response: unknown,
    nodes: unknown[] | undefined,
    done?: () => void,
  ): void;
}

/** Implementation of {@linkcode TestnetNode}, with the methods that `testnet.ts` needs. */
export class LocalNode implements TestnetNode {
  readonly id: Uint8Array;
  readonly idHex: string;
  readonly received: ReceivedQueries & { counts: QueryCounts; last: ReceivedQuery[] };
  readonly host: string;
  /** The address by which the npm packages know the node. */
  readonly #knownHost: string;
  #rpc: Rpc;
  #dht: DhtClient;
  #port = 0;
  #fail: (error: Error) => void = () => {};
  #closed: Promise<void> | undefined;

  /**
   * @param id node id, 20 bytes
   * @param host address to bind: one of IPv4, or ::1
   * @param nodesPerAnswer maximum number of contacts in a reply; the closest contacts are returned
   */
  constructor(id: Uint8Array, host: string, nodesPerAnswer: number) {
    this.id = id;
    this.idHex = toHex(id);
    this.host = host;
    this.#knownHost = host === LOOPBACK_6 ? ALIAS : host;
    const counts = { ping: 0, find_node: 0, get_peers: 0, announce_peer: 0, get: 0, put: 0 };
    this.received = { counts: { ...counts, other: 0 }, last: [] };
    this.#rpc = krpc({
      id: Buffer.from(id),
      idLength: id.length,
      bootstrap: false,
      ...(host === LOOPBACK_6 && { socket: new Ipv6Socket() }),
      // The types of npm:k-rpc leave out that it is an emitter of events.
    }) as unknown as Rpc;
    this.#rpc.on("query", (query, from) => {
      const sender = host === LOOPBACK_6 ? LOOPBACK_6 : from.address;
      const senderHex = query.a?.id instanceof Uint8Array ? toHex(query.a.id) : "";
      this.#count({ query: String(query.q), host: sender, port: from.port, senderHex });
    });
    ignoreReadOnlyNodes(this.#rpc);
    const respond = this.#rpc.response.bind(this.#rpc);
    this.#rpc.response = (peer, query, response, nodes, done) =>
      respond(peer, query, response, nodes?.slice(0, nodesPerAnswer), done);
    this.#dht = new DHT({
      krpc: this.#rpc,
      // The node makes no bootstrap lookup, because the testnet fills its routing table.
      bootstrap: false,
      maxValues: MAX_VALUES,
      verify: (signature: Uint8Array, message: Uint8Array, key: Uint8Array) =>
        verifySignature(key, message, signature),
    }) as DhtClient;
    // npm:bittorrent-dht emits bind errors as `error` or as `warning`, depending on their code.
    this.#dht.on("warning", (error) => this.#fail(error));
    this.#dht.on("error", (error) => this.#fail(error));
  }

  get port(): number {
    return this.#port;
  }

  get killed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Binds the node's UDP port; 0 for any free port.
   *
   * @throws {TestnetError} `PORT_IN_USE`, `PORT_REFUSED`
   */
  async listen(port: number): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#fail = reject;
        this.#dht.on("listening", resolve);
        this.#dht.listen(port, this.#knownHost);
      });
    } catch (cause) {
      throw bindError(cause, this.host, port);
    } finally {
      this.#fail = () => {};
    }
    this.#port = this.#dht.address().port;
  }

  /**
   * Adds another node to the routing table of this node. Sends no packet as long as the bucket is
   * not full.
   */
  learn(other: LocalNode): void {
    this.#dht.addNode({ id: Buffer.from(other.id), host: other.#knownHost, port: other.port });
  }

  /** Sets the bootstrap nodes of this node, which are used if its routing table becomes empty. */
  setBootstrap(others: LocalNode[]): void {
    this.#rpc.bootstrap = others.map((other) => ({ host: other.#knownHost, port: other.port }));
  }

  contacts(): number {
    return this.#dht.nodes.count();
  }

  storedTargets(): string[] {
    return storedItems(this.#dht).keys;
  }

  holds(targetHex: string): { seq: number } | undefined {
    const item = storedItems(this.#dht).peek(targetHex);
    return item && { seq: item.seq ?? 0 };
  }

  forget(targetHex: string): void {
    storedItems(this.#dht).remove(targetHex);
  }

  kill(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#dht.destroy(resolve));
    return this.#closed;
  }

  #count(received: ReceivedQuery): void {
    const { query } = received;
    const { counts, last } = this.received;
    if (Object.hasOwn(counts, query)) counts[query as keyof QueryCounts]++;
    else counts.other++;
    if (last.length === MAX_LAST) last.shift();
    last.push(received);
  }
}

/** Keeps read-only nodes (BEP 43) out of the routing table, because they answer no queries. */
function ignoreReadOnlyNodes(rpc: Rpc): void {
  const [take] = rpc.socket.listeners("query");
  rpc.socket.removeAllListeners("query");
  rpc.socket.on("query", (query, from) => {
    if (query.ro === 1) rpc.emit("query", query, from);
    else take!(query, from);
  });
}

function bindError(cause: unknown, host: string, port: number): TestnetError {
  if ((cause as { code?: string }).code === "EADDRINUSE") {
    return new TestnetError(
      "in-use",
      "PORT_IN_USE",
      `UDP port ${port} of ${host} belongs to another process: give another --port, or none`,
      { cause, detail: { port } },
    );
  }
  const reason = messageOf(cause);
  return new TestnetError(
    "failed",
    "PORT_REFUSED",
    `cannot listen on UDP port ${port} of ${host}: ${reason}`,
    { cause, detail: { port } },
  );
}
