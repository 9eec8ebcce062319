/**
 * The parts of npm:k-rpc, npm:k-rpc-socket and npm:bittorrent-dht that the engine uses. The
 * packages come without types.
 *
 * @module
 */

import type { EventEmitter } from "node:events";

/** A node of k-rpc's routing table. */
export interface KrpcContact {
  id: Uint8Array;
  host: string;
  port: number;
  /** Time of the last packet from it, in Unix milliseconds. */
  seen?: number;
}

/** npm:k-bucket, the routing table. Emits `added` and `removed`, each with the contact. */
export interface KBucket extends EventEmitter {
  numberOfNodesPerKBucket: number;
  numberOfNodesToPing: number;
  add(contact: KrpcContact): void;
  closest(id: Uint8Array, count?: number): KrpcContact[];
  toArray(): KrpcContact[];
  count(): number;
  remove(id: Uint8Array): void;
  get(id: Uint8Array): KrpcContact | null;
}

/** A decoded KRPC message (BEP 5). */
export interface KrpcMessage {
  /** A query's arguments. */
  a?: { id: Uint8Array };
  r?: Record<string, unknown>;
  /** 1 if the sender is read-only (BEP 43). */
  ro?: unknown;
  e?: unknown;
}

/** An error of k-rpc-socket: `code` is a KRPC number or a name such as `ETIMEDOUT`. */
export interface KrpcError extends Error {
  code?: number | string;
}

/** npm:k-rpc-socket. */
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
  cancel(transaction: number, error?: Error): void;
  destroy(done?: () => void): void;
  error(peer: unknown, query: unknown, error: unknown, done?: () => void): void;
}

/** npm:k-rpc. */
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
  /** Ours: says whether a contact may enter the routing table; all may, without it. */
  admits?(contact: KrpcContact): boolean;
  destroy(done?: () => void): void;
}

/** npm:bittorrent-dht's client. */
export interface BittorrentDht extends EventEmitter {
  listening: boolean;
  destroyed: boolean;
  announce(infoHash: unknown, port: unknown, done?: () => void): void;
  addNode(node: { host: string; port: number; id?: Uint8Array }): void;
  /** Binds the socket of its node. */
  listen(): void;
}
