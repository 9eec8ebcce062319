/**
 * The socket of KRPC (BEP 5): npm:k-rpc-socket with the two methods overridden that its documentation
 * names. `query` gives each query a random transaction id, remembers whom it went to, and times it out;
 * `send` encodes with an encoder that is handed in. The package's own timer, which looks for overdue
 * queries twice a second for as long as it lives, is put off by an option.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import LibrarySocket from "k-rpc-socket";
import type { Clock } from "../../../base/mod.ts";
import type { KrpcError, KrpcMessage, KrpcSocket } from "./krpc_types.ts";
import { QueryTimeouts } from "./query_timeouts.ts";
import { Transactions } from "./transactions.ts";

/** The UDP socket under it, which looks like one of `node:dgram`. */
export interface PacketSocket {
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    port: number,
    host: string,
    done?: (error: Error | null) => void,
  ): void;
}

/** Options of {@linkcode QuerySocket}. */
export interface QuerySocketOptions {
  clock: Clock;
  udp: PacketSocket;
  /** A message as bencode; `undefined` leaves the message to the package's own encoder. */
  encode(message: Record<string, unknown>): Buffer | undefined;
  /** How long a query is waited for, in milliseconds. */
  timeoutMs: number;
  /** Mark queries as read-only (BEP 43). */
  readOnly: boolean;
  /** Hears how each query ended: with an error, or with none. */
  onOutcome(error: KrpcError | null): void;
}

type Done = (error: KrpcError | null, message: KrpcMessage | null) => void;

/** The package's class, with the one private member that is written. */
interface Library extends KrpcSocket {
  /** The transaction id of the last query: the package counts it up for the next one. */
  _tick: number;
}

const Base = LibrarySocket as unknown as new (
  options: { socket: PacketSocket; timeout: number },
) => Library;

/** The longest delay of a timer, in milliseconds: the package looks for overdue queries a quarter as often. */
const NEVER_MS = 2 ** 31 - 1;

/** A socket that sends queries and matches the answers. */
export class QuerySocket extends Base {
  /** The queries that have been sent lately. */
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
   * @returns its transaction id; `undefined` while the name of its host is looked up
   */
  override query(
    peer: { host: string; port: number; id?: Uint8Array },
    message: { q: string; a: Record<string, unknown> },
    done: Done,
  ): number {
    this._tick = this.transactions.freeId() - 1;
    let id: number | undefined = undefined;
    id = super.query(peer, message, (error, ...rest) => {
      if (id !== undefined) this.timeouts.end(id);
      this.#options.onOutcome(error);
      done(error, ...rest);
    });
    if (id === undefined) return id;
    this.transactions.add(id, peer.host, peer.port);
    this.timeouts.begin(id);
    return id;
  }

  /** Sends a message: a query, a reply or an error. */
  override send(
    peer: { address?: string; host?: string; port: number },
    message: Record<string, unknown>,
    done?: () => void,
  ): void {
    const { readOnly, encode, udp } = this.#options;
    const marked = readOnly && message.y === "q" ? { ...message, ro: 1 } : message;
    const bytes = encode(marked);
    if (!bytes) return super.send(peer, marked, done);
    udp.send(bytes, 0, bytes.length, peer.port, (peer.address ?? peer.host)!, done);
  }
}
