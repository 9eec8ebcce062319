/**
 * Answers queries of other DHT nodes, or none in read-only mode. `item_answers.ts` answers `get` and `put`,
 * npm:bittorrent-dht the others. Answers and errors are shortened, so that a query with a forged sender
 * gains an attacker no amplification.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type Clock, isPeerPort } from "../../base/mod.ts";
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
import type { Received, UdpSocket } from "./udp_socket.ts";
import { WriteTokens } from "./write_tokens.ts";

/** Nodes in an answer: the k = 8 closest (BEP 5). */
const NODES_IN_AN_ANSWER = 8;
/** Maximum number of peers in an answer: with 8 nodes and a token they fit into one Ethernet frame. */
const PEERS_IN_AN_ANSWER = 50;
/** Queries that are passed to npm:bittorrent-dht. */
const LIBRARYS_QUERIES = ["ping", "find_node", "get_peers", "announce_peer"];

/** A query that has passed `engine/libraries/krpc/krpc_guard.ts`. */
type Query = KrpcMessage & ItemQuery & {
  q: Uint8Array;
  a: { info_hash?: Uint8Array; port?: number; implied_port?: number };
};

/** Options of {@linkcode AnsweringNode}. */
export interface AnswersOptions {
  /** Answer no query (BEP 43): a short-lived node is of no use in other nodes' routing tables. */
  readOnly: boolean;
  /** Returns the packet that is being answered. */
  received(): Received | undefined;
}

/** A node whose answers amplify no query with a forged sender. */
export class AnsweringNode extends KrpcNode {
  readonly #answers: AnswersOptions;

  constructor(options: KrpcNodeOptions, answers: AnswersOptions) {
    super(options);
    this.#answers = answers;
  }

  /**
   * Sends a reply with at most 8 nodes and 50 peers. bittorrent-dht passes its whole routing table and all
   * peers of a torrent, which amplifies queries with a forged sender, gets lost in fragments, and is
   * unreadable to libtorrent.
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
      response.values = values.slice(0, PEERS_IN_AN_ANSWER);
    }
    const some = Array.isArray(nodes) ? nodes.slice(0, NODES_IN_AN_ANSWER) : nodes;
    super.response(peer, query, response, some, done);
  }

  /**
   * Sends an error whose message is cut, so that it is no longer than the query that it answers: with a
   * forged sender, a longer one would amplify.
   */
  override error(peer: unknown, query: unknown, error: unknown, done?: () => void): void {
    if (this.#answers.readOnly) return;
    const [code, message] = error as [number, string];
    const { t } = query as { t: Uint8Array };
    const most = this.#answers.received()?.lengthBytes ?? 0;
    // `d1:el` CODE MESSAGE `e1:t` T `1:y1:ee`
    const room = most - 16 - `i${code}e${t.length}:`.length - t.length;
    const length = Math.min(message.length, room - `${Math.max(room, 0)}:`.length);
    if (length >= 0) super.error(peer, query, [code, message.slice(0, length)], done);
  }
}

/** Answers queries of other nodes from now on, and adds their senders to the routing table. */
export function answerStrangers(krpc: Krpc, udp: UdpSocket, clock: Clock): void {
  const items = new ItemAnswers({
    krpc,
    items: new ItemStore(clock),
    tokens: new WriteTokens(clock),
  });
  guardTable(krpc, clock, (query, from) => answerQuery(krpc, items, udp.received, query, from));
  udp.onRefused = ({ code, message }, t, from) =>
    krpc.error(from, { t: Buffer.from(t) }, [code, message]);
  // Bootstrap addresses come from the user, so they may have a port below 1024.
  udp.mayUsePort = (host, port) =>
    krpc.bootstrap.some((one) => one.host === host && one.port === port);
}

/** Answers one query, or passes it to npm:bittorrent-dht. */
function answerQuery(
  krpc: Krpc,
  items: ItemAnswers,
  received: Received | undefined,
  message: KrpcMessage,
  from: Sender,
): void {
  const query = message as Query;
  const name = new TextDecoder().decode(query.q);
  if (name === "get") return items.get(query, from);
  if (name === "put") return items.put(query, from, received?.value);
  const refusal = LIBRARYS_QUERIES.includes(name)
    ? name === "announce_peer" && wrongAnnouncement(query, from)
    : [204, "unknown method"];
  if (refusal) krpc.error(from, query, refusal);
  else krpc.emit("query", query, from);
}

/** KRPC error for an invalid `announce_peer`, which npm:bittorrent-dht would ignore silently. */
function wrongAnnouncement({ a }: Query, from: Sender): [number, string] | undefined {
  if (!a.info_hash) return [203, "no info_hash"];
  if (!a.token) return [203, "no token"];
  // The port is checked because other peers will be told to connect to it.
  const port = a.implied_port ? from.port : a.port;
  return port !== undefined && isPeerPort(port) ? undefined : [203, "invalid port"];
}
