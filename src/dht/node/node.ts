/**
 * The narrow view of a DHT node that borrowers get. Whoever owns the node (the engine) ends its
 * life; nothing in this interface can. It knows one query and one answer at a time: lookups, puts
 * and their bookkeeping are built on it in this folder.
 *
 * @module
 */

/** Where a DHT node is reached. */
export interface Contact {
  /** Node id, 20 bytes; absent for a bootstrap address of which only the address is known. */
  id?: Uint8Array;
  /** IPv4 address in dotted form. */
  host: string;
  /** UDP port, 1 to 65535. */
  port: number;
}

/** The queries of BEP 5 and BEP 44 that borrowers send. */
export type QueryName = "ping" | "find_node" | "get_peers" | "announce_peer" | "get" | "put";

/** A value that bencode can carry. Byte strings are bytes; a string is sent as its UTF-8. */
export type QueryValue =
  | Uint8Array
  | string
  | number
  | QueryValue[]
  | { [key: string]: QueryValue };

/** What became of one query to one node. */
export type QueryResult =
  /** It answered: the decoded `r` dictionary, every member still unchecked. */
  | { kind: "reply"; from: Contact; body: Record<string, unknown>; rttMs: number }
  /** It refused: a KRPC error message (BEP 5), such as 301, 302 or 205 of BEP 44. */
  | { kind: "refused"; code: number; message: string; rttMs: number }
  /** No answer in time. */
  | { kind: "timeout" }
  /** The query could not be sent, or its answer was none: why, in words. */
  | { kind: "failed"; why: string };

/** A borrowed DHT node. */
export interface DhtNode {
  /** The node's own id, 20 bytes. */
  readonly id: Uint8Array;
  /** The UDP port that it sends from. */
  readonly port: number;
  /** How many nodes its routing table holds. */
  tableSize(): number;
  /** At most `count` contacts of its routing table, the closest to `target` (20 bytes) first. */
  closest(target: Uint8Array, count: number): Contact[];
  /** Whether a node left a query unanswered lately, and has answered none since. */
  isUnresponsive(contact: Contact): boolean;
  /** Addresses to begin with when the routing table is empty. */
  bootstrapContacts(): Contact[];
  /**
   * Sends one query and waits for what comes of it. Never rejects. The node's own id is added to
   * `args`. Ends with `timeout` after `timeoutMs` milliseconds or little more, or as soon as `signal`
   * aborts.
   */
  query(
    to: Contact,
    name: QueryName,
    args: Record<string, QueryValue>,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<QueryResult>;
}

/**
 * Lends the nodes that are there right now. Asked anew for every operation, so a node that the
 * engine replaced is borrowed at once, and one that is gone is not used any more.
 */
export type NodeProvider = () => DhtNode[];
