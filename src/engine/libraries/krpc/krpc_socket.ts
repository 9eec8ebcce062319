/**
 * The KRPC socket (BEP 5): a subclass of npm:k-rpc-socket that overrides the two documented methods
 * `query` and `send`. `query` gives each query a random transaction id, records the address that
 * the query is sent to, and times the query out. `send` encodes messages with an encoder that the
 * caller provides. The package's own timer, which checks for overdue queries twice a second as long
 * as the socket exists, is effectively disabled by an option.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import LibrarySocket from "k-rpc-socket";
import { type Clock, peerAddressBytes } from "../../../base/mod.ts";
import type { KrpcError, KrpcMessage, KrpcSocket } from "./krpc_types.ts";
import { type PacketCounts, queryKindOf } from "./packet_counts.ts";
import { QueryTimeouts } from "./query_timeouts.ts";
import { Transactions } from "./transactions.ts";

/**
 * The underlying UDP socket, with the `send` method of a `node:dgram` socket. `send` returns `false` if the
 * packet was not sent.
 */
export interface PacketSocket {
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    port: number,
    host: string,
    done?: (error: Error | null) => void,
  ): unknown;
}

/** Options of {@linkcode QuerySocket}. */
export interface QuerySocketOptions {
  clock: Clock;
  udp: PacketSocket;
  /**
   * Encodes a message as bencode. `undefined` means that npm:k-rpc-socket must encode the message.
   */
  encode(message: Record<string, unknown>): Buffer | undefined;
  /** Timeout of a query, in milliseconds. */
  timeoutMs: number;
  /** Returns the length in bytes of the query that is being answered; `undefined` if none is. */
  queryBytes?(): number | undefined;
  /** Whether to mark our queries as read-only (BEP 43). */
  readOnly: boolean;
  /** Counts the packets that are sent, by kind. */
  counts?: PacketCounts;
  /**
   * Called when a query has ended, with the time since it was sent, milliseconds; `error` is `null` if a
   * reply was received.
   */
  onOutcome(error: KrpcError | null, roundTripMs: number): void;
  /** Called with the address at which a node sees us, as its reply tells (BEP 42). */
  onAddress?(voter: string, claim: Uint8Array): void;
}

/** The address and port that a message is sent to. */
type Peer = { address?: string; host?: string; port: number };

type Done = (error: KrpcError | null, message: KrpcMessage | null) => void;

/** npm:k-rpc-socket's class, with the one private member that the subclass sets. */
interface Library extends KrpcSocket {
  /** Transaction id of the last query. npm:k-rpc-socket adds 1 for the next query. */
  _tick: number;
}

const Base = LibrarySocket as unknown as new (
  options: { socket: PacketSocket; timeout: number },
) => Library;

/**
 * Longest possible delay of a timer, in milliseconds. As timeout of npm:k-rpc-socket it makes the
 * package check for overdue queries only every six days, a quarter of this delay.
 */
const NEVER_MS = 2 ** 31 - 1;

/** A socket that sends queries and matches replies to them. */
export class QuerySocket extends Base {
  /** Recently sent queries, by transaction id. */
  readonly transactions: Transactions;
  readonly timeouts: QueryTimeouts;
  readonly #options: QuerySocketOptions;

  constructor(options: QuerySocketOptions) {
    super({ socket: options.udp, timeout: NEVER_MS });
    this.#options = options;
    this.transactions = new Transactions(() => options.clock.now());
    this.timeouts = new QueryTimeouts(options.clock, options.timeoutMs, {
      cancel: (id, error) => this.cancel(id, error),
      underWay: () => this.inflight,
    });
  }

  /**
   * Sends a query.
   *
   * @returns the transaction id; `undefined` while the peer's host name is being resolved
   */
  override query(
    peer: { host: string; port: number; id?: Uint8Array },
    message: { q: string; a: Record<string, unknown> },
    done: Done,
  ): number {
    this._tick = this.transactions.freeId() - 1;
    let id: number | undefined = undefined;
    const sentMs = performance.now();
    id = super.query(peer, message, (error, ...rest) => {
      if (id !== undefined) this.timeouts.end(id);
      this.#options.onOutcome(error, performance.now() - sentMs);
      const claim = rest[0]?.ip;
      if (!error && claim instanceof Uint8Array) this.#options.onAddress?.(peer.host, claim);
      done(error, ...rest);
    });
    if (id === undefined) return id;
    this.transactions.add(id, peer.host, peer.port, queryKindOf(message.q));
    this.timeouts.begin(id);
    return id;
  }

  /** Encodes and sends a query or an error. */
  override send(peer: Peer, message: Record<string, unknown>, done?: () => void): void {
    const isQuery = message.y === "q";
    const marked = isQuery && this.#options.readOnly ? { ...message, ro: 1 } : message;
    if (!this.#transmit(peer, marked, this.#options.encode(marked), done)) return;
    if (isQuery) this.#options.counts?.count(queryKindOf(message.q), "queriesOut");
    else this.#options.counts?.count("error", "repliesOut");
  }

  /**
   * Encodes and sends a reply. It tells the asker its address and port (BEP 42), unless that would make
   * it too long for its query, whose sender can be forged.
   */
  override response(
    peer: Peer,
    query: { t?: unknown; q?: unknown },
    reply: Record<string, unknown>,
    done?: () => void,
  ): void {
    const message = { t: query.t, y: "r", r: reply };
    if (!this.#transmit(peer, message, this.#encodeReply(peer, message), done)) return;
    this.#options.counts?.count(queryKindOf(query.q), "repliesOut");
  }

  /** Returns whether the message was sent. */
  #transmit(
    peer: Peer,
    message: Record<string, unknown>,
    bytes: Buffer | undefined,
    done?: () => void,
  ): boolean {
    if (bytes) {
      const host = (peer.address ?? peer.host)!;
      return this.#options.udp.send(bytes, 0, bytes.length, peer.port, host, done) !== false;
    }
    super.send(peer, message, done);
    return true;
  }

  #encodeReply(
    peer: Peer,
    message: { r: Record<string, unknown> },
  ): Buffer | undefined {
    const { encode, queryBytes } = this.#options;
    const ip = compactAddress(peer.address ?? peer.host, peer.port);
    const bytes = encode(ip ? { ...message, ip } : message);
    const isTooLong = bytes && bytes.length > mostMultiple(message) * (queryBytes?.() ?? Infinity);
    return isTooLong ? encode(message) : bytes;
  }
}

/**
 * Returns the number of lengths of its query that a reply with `ip` may have: one if it has nothing but
 * our node id, as those to `ping`, and three if it has nodes, as those to `find_node`.
 */
function mostMultiple({ r }: { r: Record<string, unknown> }): number {
  const { id: _, nodes, nodes6, ...rest } = r;
  if (Object.keys(rest).length > 0) return Infinity;
  return nodes || nodes6 ? 3 : 1;
}

/** Returns an address and port in compact form (BEP 5, BEP 32): 6 bytes, or 18 for IPv6. */
function compactAddress(host: string | undefined, port: number): Buffer | undefined {
  const address = host === undefined ? undefined : peerAddressBytes(host);
  return address && Buffer.from([...address, port >> 8, port & 0xff]);
}
