/**
 * The answers of the engine's DHT node to others: short answers and shorter errors or, as a visitor, none.
 * `get` and `put` are for `item_answers.ts`, all else for npm:bittorrent-dht.
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

/** BEP 5 answers `find_node` with the K (8) closest nodes. */
const NODES_IN_AN_ANSWER = 8;
/** 50 peers of 8 encoded bytes each, 8 nodes and a token stay under one Ethernet frame. */
const PEERS_IN_AN_ANSWER = 50;
/** Queries that npm:bittorrent-dht answers. */
const LIBRARYS_QUERIES = ["ping", "find_node", "get_peers", "announce_peer"];

/** The packet that is being answered. */
export interface Received {
  /** All of it. */
  lengthBytes: number;
  /** The encoded `v` of its arguments, as it stands there (BEP 44). */
  value?: Uint8Array;
}

/** A query that passed the guard. */
type Query = KrpcMessage & ItemQuery & {
  q: Uint8Array;
  a: { info_hash?: Uint8Array; port?: number; implied_port?: number };
};

/**
 * Answers strangers' queries from now on, and lets those who sent them into the routing table.
 *
 * @param options `readOnly`: answer none (BEP 43)
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
  // The user has typed the addresses to begin with.
  udp.mayUsePort = (host, port) =>
    krpc.bootstrap.some((one) => one.host === host && one.port === port);
  if (readOnly) return visitOnly(krpc);
  shortenAnswers(krpc);
  shortenErrors(krpc, () => udp.received);
}

/**
 * bittorrent-dht hands its whole routing table and all peers of a torrent to `response`. That
 * amplifies what a forged sender asks for, is lost to fragmentation, and libtorrent cannot start
 * from such a node.
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
 * Cuts errors to the length of the query that they answer: its sender may be forged, and nobody is to be
 * sent more than the forger sent.
 *
 * @param received the packet that is being answered
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

/** Answers one query, or has npm:bittorrent-dht answer it. */
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

/** Why an `announce_peer` is refused, if it is. npm:bittorrent-dht says nothing of these. */
function wrongAnnouncement({ a }: Query, from: Sender): [number, string] | undefined {
  if (!a.info_hash) return [203, "no info_hash"];
  if (!a.token) return [203, "no token"];
  // Others would be told to connect there.
  const port = a.implied_port ? from.port : a.port;
  return port !== undefined && isPeerPort(port) ? undefined : [203, "invalid port"];
}

/**
 * Marks queries as read-only and answers none (BEP 43): a node that is gone in a second is of no use
 * in other nodes' routing tables.
 */
function visitOnly(krpc: Krpc): void {
  const send = krpc.socket.send.bind(krpc.socket);
  krpc.socket.send = (peer, message, done) => {
    send(peer, message.y === "q" ? { ...message, ro: 1 } : message, done);
  };
  krpc.response = () => {};
  krpc.error = () => {};
}
