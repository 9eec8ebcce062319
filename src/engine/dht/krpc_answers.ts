/**
 * Answers the queries of other DHT nodes; a read-only node answers none. `item_answers.ts` answers
 * `get` and `put`. The other queries are answered by npm:bittorrent-dht for IPv4, and by
 * `peer_answers.ts` for IPv6. Answers and errors are shortened, so that an attacker who forges the
 * sender of a query gains no amplification.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  type Clock,
  compactNodeBytes,
  compactNodes,
  type Family,
  isPeerPort,
} from "../../base/mod.ts";
import {
  guardTable,
  type Krpc,
  type KrpcContact,
  type KrpcMessage,
  KrpcNode,
  type KrpcNodeOptions,
} from "../libraries/mod.ts";
import { ItemAnswers, type ItemQuery, type Sender } from "./item_answers.ts";
import { ItemStore } from "./item_store.ts";
import { PeerAnswers, type PeerQuery } from "./peer_answers.ts";
import { PeerStore } from "./peer_store.ts";
import type { Received, UdpSocket } from "./udp_socket.ts";
import { WriteTokens } from "./write_tokens.ts";
import { spread } from "./spread.ts";

/** Maximum number of nodes in an answer: the 8 closest to the target (BEP 5). */
const NODES_IN_AN_ANSWER = 8;
/**
 * Maximum number of peers in an answer. With 8 nodes and a token, 50 peers fit into one Ethernet
 * frame.
 */
const PEERS_IN_AN_ANSWER = 50;
/**
 * Maximum length of a reply that has only nodes, in lengths of its query. The sender of a query can be
 * forged, so a longer reply would let an attacker direct more bytes at a victim than it sends.
 */
const MAX_MULTIPLE = 3;
/** Maximum length in bytes of such a reply without its nodes and `ip` (BEP 42): ids and keys. */
const NODES_REPLY_BYTES = 60;
/** Names of the queries of BEP 5. */
const BEP_5_QUERIES = ["ping", "find_node", "get_peers", "announce_peer"];

/** A query that `engine/libraries/krpc/krpc_guard.ts` has validated. */
type Query = KrpcMessage & ItemQuery & PeerQuery & {
  q: Uint8Array;
  /** The families of which the sender wants nodes (BEP 32). Not validated. */
  a: { want?: unknown };
};

/** Options of {@linkcode AnsweringNode}. */
export interface AnswersOptions {
  /**
   * Whether the node is read-only (BEP 43) and answers no query. A short-lived node is of no use in
   * other nodes' routing tables.
   */
  readOnly: boolean;
  /** The family of the addresses in the node's table. */
  family: Family;
  /** Returns our node of the other family, for queries that want nodes of it; `undefined` if none. */
  other?: () => Krpc | undefined;
  /** Returns the packet whose query is being answered. */
  received(): Received | undefined;
}

/** A DHT node whose answers are short, so that a query with a forged sender is not amplified. */
export class AnsweringNode extends KrpcNode {
  readonly #answers: AnswersOptions;

  constructor(options: KrpcNodeOptions, answers: AnswersOptions) {
    super(options);
    this.#answers = answers;
  }

  /**
   * Sends a reply with at most 8 nodes and 50 peers. npm:bittorrent-dht provides its whole routing
   * table and all peers of a torrent. Such a long reply would amplify queries with a forged sender,
   * get lost when it is fragmented, and be unreadable to libtorrent.
   */
  override response(
    peer: unknown,
    query: unknown,
    response: Record<string, unknown>,
    nodes?: KrpcContact[] | (() => void),
    done?: () => void,
  ): void {
    if (this.#answers.readOnly) return;
    const { values } = response;
    if (Array.isArray(values) && values.length > PEERS_IN_AN_ANSWER) {
      response.values = spread(values as Uint8Array[], networkOfPeer, PEERS_IN_AN_ANSWER);
    }
    if (Array.isArray(nodes)) this.#addNodes(query as Query, response, nodes);
    super.response(peer, query, response, typeof nodes === "function" ? nodes : undefined, done);
  }

  /**
   * Adds the closest nodes to a reply: `nodes` of IPv4 and `nodes6` of IPv6 (BEP 32). Without
   * `want`, they are of the family over which the query came. A reply that has nothing else is at
   * most three times as long as the query, so a short query for both families gets fewer of each.
   */
  #addNodes({ a }: Query, response: Record<string, unknown>, own: KrpcContact[]): void {
    const { family, other } = this.#answers;
    const wants = wantedFamilies(a.want);
    const { lengthBytes = 0 } = this.#answers.received() ?? {};
    const roomBytes = response.token === undefined
      ? (MAX_MULTIPLE * lengthBytes - NODES_REPLY_BYTES) / (wants?.size ?? 1)
      : Infinity;
    const add = (of: Family, nodes: KrpcContact[]) => {
      const fitting = Math.floor(Math.max(roomBytes, 0) / compactNodeBytes(of));
      const some = nodes.slice(0, Math.min(NODES_IN_AN_ANSWER, fitting));
      response[of === 4 ? "nodes" : "nodes6"] = Buffer.from(compactNodes(some, of));
    };
    if (!wants || wants.has(family)) add(family, own);
    const target = a.target ?? a.info_hash;
    const otherFamily = family === 4 ? 6 : 4;
    // A value and the nodes of both families would not fit into one Ethernet frame.
    if (!target || response.v !== undefined || !wants?.has(otherFamily)) return;
    const others = other?.()?.nodes.closest(target, NODES_IN_AN_ANSWER);
    if (others) add(otherFamily, others);
  }

  /**
   * Sends an error, with its message cut so that the packet is no longer than the query. A longer
   * error would amplify a query with a forged sender.
   */
  override error(peer: unknown, query: unknown, error: unknown, done?: () => void): void {
    if (this.#answers.readOnly) return;
    const [code, message] = error as [number, string];
    const { t } = query as { t: Uint8Array };
    const most = this.#answers.received()?.lengthBytes ?? 0;
    // Layout of an error packet (16 fixed bytes): `d1:el` CODE MESSAGE `e1:t` T `1:y1:ee`
    const room = most - 16 - `i${code}e${t.length}:`.length - t.length;
    const length = Math.min(message.length, room - `${Math.max(room, 0)}:`.length);
    if (length >= 0) super.error(peer, query, [code, message.slice(0, length)], done);
  }
}

/**
 * Starts to answer the queries of other nodes and to add the nodes that sent them to the routing
 * table.
 */
export function answerStrangers(
  krpc: Krpc,
  udp: UdpSocket,
  { clock, family }: { clock: Clock; family: Family },
): void {
  const tokens = new WriteTokens(clock);
  const items = new ItemAnswers({ krpc, family, items: new ItemStore(clock), tokens });
  const peers = family === 6
    ? new PeerAnswers({ krpc, peers: new PeerStore(clock), tokens })
    : undefined;
  guardTable(krpc, clock, (query, from) => {
    answerQuery({ krpc, items, peers }, udp.received, query, from);
  });
  udp.onRefused = ({ code, message }, t, from) =>
    krpc.error(from, { t: Buffer.from(t) }, [code, message]);
  // Bootstrap addresses may have a port below 1024, because they come from the user and not from a
  // stranger.
  udp.mayUsePort = (host, port) =>
    krpc.bootstrap.some((one) => one.host === host && one.port === port);
}

/** Returns the families in the argument `want` of a query; `undefined` without a usable one. */
function wantedFamilies(want: unknown): Set<Family> | undefined {
  if (!Array.isArray(want)) return undefined;
  const names = want.slice(0, 2).map((name) =>
    name instanceof Uint8Array ? new TextDecoder().decode(name) : ""
  );
  const families = ([4, 6] as const).filter((family) => names.includes(`n${family}`));
  return families.length > 0 ? new Set(families) : undefined;
}

/** Answers one query, or passes it to npm:bittorrent-dht. */
function answerQuery(
  { krpc, items, peers }: { krpc: Krpc; items: ItemAnswers; peers: PeerAnswers | undefined },
  received: Received | undefined,
  message: KrpcMessage,
  from: Sender,
): void {
  const query = message as Query;
  const name = new TextDecoder().decode(query.q);
  if (name === "get") return items.get(query, from);
  if (name === "put") return items.put(query, from, received?.value);
  const refusal = BEP_5_QUERIES.includes(name)
    ? name === "announce_peer" && wrongAnnouncement(query, from)
    : [204, "unknown method"];
  if (refusal) krpc.error(from, query, refusal);
  else if (peers) peers.answer(name, query, from);
  else krpc.emit("query", query, from);
}

/**
 * Returns the KRPC error for an invalid `announce_peer`; `undefined` if it is valid.
 * npm:bittorrent-dht would ignore an invalid `announce_peer` without an answer.
 */
function wrongAnnouncement({ a }: Query, from: Sender): [number, string] | undefined {
  if (!a.info_hash) return [203, "no info_hash"];
  if (!a.token) return [203, "no token"];
  // The announced port must be one that peers use, because our node will tell other peers to
  // connect to it.
  const port = a.implied_port ? from.port : a.port;
  return port !== undefined && isPeerPort(port) ? undefined : [203, "invalid port"];
}

/** Returns the network (/24) of a peer in compact form. */
function networkOfPeer(compact: Uint8Array): string {
  return compact.subarray(0, 3).join();
}
