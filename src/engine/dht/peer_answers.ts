/**
 * Answers `ping`, `find_node`, `get_peers` and `announce_peer` queries (BEP 5) of our DHT node of
 * IPv6 (BEP 32). npm:bittorrent-dht, which answers them for IPv4, can express no IPv6 address.
 *
 * @module
 */

import { toHex } from "../../base/mod.ts";
import type { Krpc } from "../libraries/mod.ts";
import type { Sender } from "./item_answers.ts";
import type { PeerStore } from "./peer_store.ts";
import type { WriteTokens } from "./write_tokens.ts";

/**
 * A query that `engine/libraries/krpc/krpc_guard.ts` has validated, so its members have the types
 * declared here.
 */
export interface PeerQuery {
  /** Transaction id of the query. */
  t: Uint8Array;
  a: {
    target?: Uint8Array;
    info_hash?: Uint8Array;
    token?: Uint8Array;
    port?: number;
    implied_port?: number;
  };
}

/** Options of {@linkcode PeerAnswers}: the node, the stored peers and the write tokens. */
export interface PeerAnswersOptions {
  krpc: Krpc;
  peers: PeerStore;
  tokens: WriteTokens;
}

/** Maximum number of nodes in an answer (BEP 5). */
const NODES = 8;
/**
 * Maximum number of peers in an answer. With 8 nodes of each family and a token, 32 peers of 18 bytes
 * fit into one Ethernet frame.
 */
const PEERS = 32;

/** Answers queries about nodes and peers. */
export class PeerAnswers {
  readonly #options: PeerAnswersOptions;

  constructor(options: PeerAnswersOptions) {
    this.#options = options;
  }

  /**
   * Answers a query with one of the names `ping`, `find_node`, `get_peers` and `announce_peer`. The
   * caller has checked the members that an `announce_peer` needs.
   */
  answer(name: string, query: PeerQuery, from: Sender): void {
    if (name === "ping") this.#reply(query, from, {});
    else if (name === "find_node") this.#findNode(query, from);
    else if (name === "get_peers") this.#getPeers(query, from);
    else this.#announcePeer(query, from);
  }

  #findNode(query: PeerQuery, from: Sender): void {
    const { target } = query.a;
    if (!target) return this.#refuse(query, from, "no target");
    this.#reply(query, from, {}, target);
  }

  #getPeers(query: PeerQuery, from: Sender): void {
    const { peers, tokens } = this.#options;
    const infoHash = query.a.info_hash;
    if (!infoHash) return this.#refuse(query, from, "no info_hash");
    const values = peers.get(toHex(infoHash), PEERS);
    const token = tokens.issue(from.address);
    this.#reply(query, from, values.length > 0 ? { token, values } : { token }, infoHash);
  }

  #announcePeer(query: PeerQuery, from: Sender): void {
    const { peers, tokens } = this.#options;
    const { info_hash, token, implied_port, port } = query.a;
    if (!tokens.isValid(from.address, token!)) return this.#refuse(query, from, "bad token");
    peers.add(toHex(info_hash!), from.address, implied_port ? from.port : port!);
    this.#reply(query, from, {});
  }

  /** Sends a reply, with the nodes closest to `target` if there is one. */
  #reply(
    query: PeerQuery,
    from: Sender,
    members: Record<string, unknown>,
    target?: Uint8Array,
  ): void {
    const { krpc } = this.#options;
    const nodes = target && krpc.nodes.closest(target, NODES);
    krpc.response(from, query, { id: krpc.id, ...members }, nodes);
  }

  #refuse(query: PeerQuery, from: Sender, message: string): void {
    this.#options.krpc.error(from, query, [203, message]);
  }
}
