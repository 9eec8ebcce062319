/**
 * Answers queries of other DHT nodes, or none in read-only mode. `item_answers.ts` answers `get` and `put`,
 * npm:bittorrent-dht the others. Answers and errors are shortened, so that a query with a forged sender
 * gains an attacker no amplification.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type Clock, isPeerPort } from "../../base/mod.ts";
import { guardTable, type Krpc, type KrpcMessage } from "../libraries/mod.ts";
import { ItemAnswers, type ItemQuery, type Sender } from "./item_answers.ts";
import { ItemStore } from "./item_store.ts";
import type { UdpSocket } from "./udp_socket.ts";
import { WriteTokens } from "./write_tokens.ts";

/** Nodes in an answer: the k = 8 closest (BEP 5). */
const NODES_IN_AN_ANSWER = 8;
/** Maximum number of peers in an answer: with 8 nodes and a token they fit into one Ethernet frame. */
const PEERS_IN_AN_ANSWER = 50;
/** Queries that are passed to npm:bittorrent-dht. */
const LIBRARYS_QUERIES = ["ping", "find_node", "get_peers", "announce_peer"];

/** The packet that is being processed. */
export interface Received {
  /** Length of the whole packet. */
  lengthBytes: number;
  /** Bencoded `v` of its arguments, exactly as received (BEP 44). */
  value?: Uint8Array;
}

/** A query that has passed `krpc_guard.ts`. */
type Query = KrpcMessage & ItemQuery & {
  q: Uint8Array;
  a: { info_hash?: Uint8Array; port?: number; implied_port?: number };
};

/**
 * Answers queries of other nodes from now on, and adds their senders to the routing table.
 *
 * @param options `readOnly`: answer no query (BEP 43)
 */
export function answerStrangers(
  krpc: Krpc,
  udp: UdpSocket,
  { clock, readOnly = false }: { clock: Clock; readOnly?: boolean },
): void {
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
  if (readOnly) return makeReadOnly(krpc);
  shortenAnswers(krpc);
  shortenErrors(krpc, () => udp.received);
}

/**
 * Shortens the lists of peers and nodes in answers. bittorrent-dht answers with its whole routing table and
 * all peers of a torrent, which amplifies queries with a forged sender, gets lost in fragments, and is
 * unreadable to libtorrent.
 */
function shortenAnswers(krpc: Krpc): void {
  const respond = krpc.response.bind(krpc);
  krpc.response = (peer, query, response, nodes, done) => {
    const { values } = response;
    if (Array.isArray(values) && values.length > PEERS_IN_AN_ANSWER) {
      response.values = values.slice(0, PEERS_IN_AN_ANSWER);
    }
    respond(
      peer,
      query,
      response,
      Array.isArray(nodes) ? nodes.slice(0, NODES_IN_AN_ANSWER) : nodes,
      done,
    );
  };
}

/**
 * Cuts error messages so that an error is no longer than the query that it answers: with a forged sender,
 * a longer one would amplify.
 *
 * @param received returns the packet that is being answered
 */
function shortenErrors(krpc: Krpc, received: () => Received | undefined): void {
  krpc.error = (peer, query, error, done) => {
    const [code, message] = error as [number, string];
    const { t } = query as { t: Uint8Array };
    const most = received()?.lengthBytes ?? 0;
    // `d1:el` CODE MESSAGE `e1:t` T `1:y1:ee`
    const room = most - 16 - `i${code}e${t.length}:`.length - t.length;
    const length = Math.min(message.length, room - `${Math.max(room, 0)}:`.length);
    if (length < 0) return;
    krpc.socket.error(peer, query, [code, message.slice(0, length)], done);
  };
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

/**
 * Makes the node read-only (BEP 43): marks its queries and answers none, because a short-lived node is of
 * no use in other nodes' routing tables.
 */
function makeReadOnly(krpc: Krpc): void {
  const send = krpc.socket.send.bind(krpc.socket);
  krpc.socket.send = (peer, message, done) => {
    send(peer, message.y === "q" ? { ...message, ro: 1 } : message, done);
  };
  krpc.response = () => {};
  krpc.error = () => {};
}
