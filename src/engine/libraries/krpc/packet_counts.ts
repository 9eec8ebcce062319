/**
 * Counts the packets of one DHT node by kind. Counting makes no objects, because it is done for each
 * packet.
 *
 * @module
 */

import { utf8 } from "../../../base/mod.ts";

/** Names of the queries that are told apart (BEP 5, BEP 44). */
const QUERIES = ["ping", "find_node", "get_peers", "announce_peer", "get", "put"] as const;

/** Kind of a query (BEP 5, BEP 44); `other` for all that libreseed does not know. */
export type QueryKind = typeof QUERIES[number] | "other";

/** Kind of a packet. `error` is an error message, whatever its query was. */
export type PacketKind = QueryKind | "error";

/** Number of packets of one kind, since the start. A reply counts by the kind of its query. */
export interface KindTraffic {
  kind: PacketKind;
  /** Valid queries of other nodes, also those that a read-only node does not answer. */
  queriesIn: number;
  /** Our replies to them; for `error`, the errors that were sent instead. */
  repliesOut: number;
  /** Our queries. */
  queriesOut: number;
  /** Replies to them, also late ones; for `error`, the errors that were received instead. */
  repliesIn: number;
}

const NAMES = QUERIES.map((kind) => ({ kind, bytes: utf8(kind) }));

/** Returns the kind of a query by its name, which lies in `bytes` from `start` to `end`. */
export function queryKindAt(bytes: Uint8Array, start = 0, end = bytes.length): QueryKind {
  for (const { kind, bytes: name } of NAMES) {
    if (name.length !== end - start) continue;
    let at = 0;
    while (at < name.length && name[at] === bytes[start + at]) at++;
    if (at === name.length) return kind;
  }
  return "other";
}

/** Returns the kind of a query by its name, as npm:k-rpc-socket has it: text or bytes. */
export function queryKindOf(name: unknown): QueryKind {
  if (name instanceof Uint8Array) return queryKindAt(name);
  return QUERIES.find((kind) => kind === name) ?? "other";
}

/** The packets of one DHT node, by kind. */
export class PacketCounts {
  readonly #rows = new Map<PacketKind, KindTraffic>();

  constructor() {
    for (const kind of [...QUERIES, "other", "error"] as const) {
      this.#rows.set(kind, { kind, queriesIn: 0, repliesOut: 0, queriesOut: 0, repliesIn: 0 });
    }
  }

  /** Counts one packet. */
  count(kind: PacketKind, column: Exclude<keyof KindTraffic, "kind">): void {
    this.#rows.get(kind)![column]++;
  }

  /** Returns a copy of all counters, one row for each kind. */
  rows(): KindTraffic[] {
    return [...this.#rows.values()].map((row) => ({ ...row }));
  }
}
