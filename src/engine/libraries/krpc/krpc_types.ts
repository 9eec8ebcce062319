/**
 * Types of the members of npm:k-rpc, npm:k-rpc-socket and npm:bittorrent-dht that the engine uses.
 * The packages have no types of their own.
 *
 * @module
 */

import type { EventEmitter } from "node:events";

/** A contact, which is a DHT node in npm:k-rpc's routing table. */
export interface KrpcContact {
  id: Uint8Array;
  host: string;
  port: number;
  /** Time of the last packet received from the node, in Unix milliseconds. */
  seen?: number;
}

/**
 * npm:k-bucket, the routing table. Emits `added` and `removed`, each with the contact that was
 * added or removed.
 */
export interface KBucket extends EventEmitter {
  numberOfNodesPerKBucket: number;
  numberOfNodesToPing: number;
  /** Our node id, around which the buckets are split. */
  localNodeId: Uint8Array;
  /** The tree of buckets. */
  root: unknown;
  add(contact: KrpcContact): void;
  closest(id: Uint8Array, count?: number): KrpcContact[];
  toArray(): KrpcContact[];
  count(): number;
  remove(id: Uint8Array): void;
  get(id: Uint8Array): KrpcContact | null;
}

/** A decoded KRPC message (BEP 5). */
export interface KrpcMessage {
  /** Arguments of a query. */
  a?: { id: Uint8Array };
  r?: Record<string, unknown>;
  /** In a reply: our address and port in the sender's view (BEP 42). */
  ip?: unknown;
  /** 1 if the sender of the query is read-only (BEP 43). */
  ro?: unknown;
  e?: unknown;
}

/** An error of npm:k-rpc-socket. `code` is a KRPC error number or a name such as `ETIMEDOUT`. */
export interface KrpcError extends Error {
  code?: number | string;
}

/** The class of npm:k-rpc-socket: sends queries and receives replies over UDP. */
export interface KrpcSocket extends EventEmitter {
  inflight: number;
  query(
    peer: { host: string; port: number; id?: Uint8Array },
    query: { q: string; a: Record<string, unknown> },
    done: (error: KrpcError | null, message: KrpcMessage | null) => void,
  ): number;
  send(
    peer: { address?: string; host?: string; port: number },
    message: Record<string, unknown>,
    done?: () => void,
  ): void;
  response(
    peer: { address?: string; host?: string; port: number },
    query: { t?: unknown; q?: unknown },
    reply: Record<string, unknown>,
    done?: () => void,
  ): void;
  cancel(transaction: number, error?: Error): void;
  destroy(done?: () => void): void;
  error(peer: unknown, query: unknown, error: unknown, done?: () => void): void;
}

/** The class of npm:k-rpc: a DHT node with a routing table. */
export interface Krpc extends EventEmitter {
  id: Uint8Array;
  socket: KrpcSocket;
  nodes: KBucket;
  bootstrap: { host: string; port: number }[];
  destroyed: boolean;
  response(
    peer: unknown,
    query: unknown,
    response: Record<string, unknown>,
    nodes?: KrpcContact[] | (() => void),
    done?: () => void,
  ): void;
  error(peer: unknown, query: unknown, error: unknown, done?: () => void): void;
  populate(
    target: Uint8Array,
    message: { q: string; a: Record<string, unknown> },
    done: (error: Error | null, count: number) => void,
  ): void;
  /**
   * Added by libreseed: returns whether a contact may enter the routing table. Without this
   * function, every contact may.
   */
  admits?(contact: KrpcContact): boolean;
  destroy(done?: () => void): void;
}

/** The client class of npm:bittorrent-dht. */
export interface BittorrentDht extends EventEmitter {
  listening: boolean;
  destroyed: boolean;
  announce(infoHash: unknown, port: unknown, done?: () => void): void;
  addNode(node: { host: string; port: number; id?: Uint8Array }): void;
  /** Binds the UDP socket of the DHT node. */
  listen(): void;
}
