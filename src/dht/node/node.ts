/**
 * `DhtNode`, the narrow interface of a borrowed DHT node. Its main method sends one query and
 * returns one result; lookups and puts are built on that method. No method closes the node, because
 * the engine owns the node and decides when it starts and stops.
 *
 * @module
 */

import type { Family } from "../../base/mod.ts";
import type { Encoded } from "../../bencode/mod.ts";

/** The address of a DHT node. */
export interface Contact {
  /** Node id, 20 bytes; absent for a bootstrap address. */
  id?: Uint8Array;
  /** IP address of the node: IPv4 in dotted form, IPv6 in the form of RFC 5952. */
  host: string;
  /** UDP port of the node, 1 to 65535. */
  port: number;
}

/** Names of the queries (BEP 5, BEP 44) that libreseed sends. */
export type QueryName = "ping" | "find_node" | "get_peers" | "announce_peer" | "get" | "put";

/** A value that bencode can express. A string is sent as UTF-8. */
export type QueryValue =
  | Uint8Array
  | Encoded
  | string
  | number
  | QueryValue[]
  | { [key: string]: QueryValue };

/** The result of one query to one DHT node: a reply, an error, a timeout or a failure to send. */
export type QueryResult =
  /** The node answered; `body` is the decoded `r` dictionary of the KRPC reply, unvalidated. */
  | { kind: "reply"; from: Contact; body: Record<string, unknown>; rttMs: number }
  /** The node answered with a KRPC error (BEP 5), for example 301, 302 or 205 of BEP 44. */
  | { kind: "refused"; code: number; message: string; rttMs: number }
  /** The node sent no reply within the timeout. */
  | { kind: "timeout" }
  /** The query could not be sent, or its reply was unusable; `why` is the reason as text. */
  | { kind: "failed"; why: string };

/** A DHT node that the engine owns and lends to the DHT manager. */
export interface DhtNode {
  /** The node's own id, 20 bytes. */
  readonly id: Uint8Array;
  /**
   * The family of the addresses that the node can query. Nodes of IPv4 and of IPv6 form two separate
   * DHTs (BEP 32).
   */
  readonly family: Family;
  /** The UDP port that the node sends from. */
  readonly port: number;
  /** Number of nodes in the routing table. */
  tableSize(): number;
  /** Returns up to `count` contacts of the routing table, closest to `target` (20 bytes) first. */
  closest(target: Uint8Array, count: number): Contact[];
  /** Whether a node failed to answer a recent query and has answered no query since. */
  isUnresponsive(contact: Contact): boolean;
  /** Addresses of bootstrap nodes, for use while the routing table is empty. */
  bootstrapContacts(): Contact[];
  /**
   * Sends one query and waits for its result. Never rejects. The node adds its own id to `args`.
   * The result is `timeout` after about `timeoutMs` milliseconds, or as soon as `signal` aborts.
   */
  query(
    to: Contact,
    name: QueryName,
    args: Record<string, QueryValue>,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<QueryResult>;
}

/**
 * Returns the DHT nodes that the engine lends now. Each DHT operation calls this function again,
 * and so never uses a node that the engine has replaced or closed.
 */
export type NodeProvider = () => DhtNode[];
