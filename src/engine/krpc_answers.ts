/**
 * What the engine's DHT node answers to others: short answers or, as a visitor, none.
 *
 * @module
 */

import type { Krpc } from "./krpc_types.ts";

/** BEP 5 answers `find_node` with the K (8) closest nodes. */
const NODES_IN_AN_ANSWER = 8;
/** 50 peers of 8 encoded bytes each, 8 nodes and a token stay under one Ethernet frame. */
const PEERS_IN_AN_ANSWER = 50;

/**
 * bittorrent-dht hands its whole routing table and all peers of a torrent to `response`. That
 * amplifies what a forged sender asks for, is lost to fragmentation, and libtorrent cannot start
 * from such a node.
 */
export function shortenAnswers(krpc: Krpc): void {
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
 * Marks queries as read-only and answers none (BEP 43): a node that is gone in a second is of no use
 * in other nodes' routing tables.
 */
export function visitOnly(krpc: Krpc): void {
  const send = krpc.socket.send.bind(krpc.socket);
  krpc.socket.send = (peer, message, done) => {
    send(peer, message.y === "q" ? { ...message, ro: 1 } : message, done);
  };
  krpc.response = () => {};
  krpc.error = () => {};
}
