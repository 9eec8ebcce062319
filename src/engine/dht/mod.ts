/**
 * The DHT node that the engine owns: its UDP socket, its answers to other nodes, and the limits on both.
 *
 * A packet from a stranger passes these stops: {@linkcode UdpSocket} receives it and rejects it early if
 * it is malformed, beyond the rate (`query_limiter.ts`) or an unrequested reply. Then k-rpc decodes it.
 * `krpc_answers.ts` answers queries: `get` and `put` by `item_answers.ts`, with items in `item_store.ts`
 * and tokens from `write_tokens.ts`; all others by npm:bittorrent-dht, with shortened answers.
 *
 * {@linkcode DhtHost} owns k-rpc and the socket. It reopens a socket that failed, fills the routing table,
 * watches whether any node responds (`liveness.ts`), and lends itself out as a `DhtNode`.
 *
 * Searching and announcing are the DHT manager's (`src/dht`). The first look at a packet's bytes and all
 * changes inside k-rpc are in `../libraries`.
 *
 * Start with `dht_host.ts`, or with `udp_socket.ts` for the way of a packet.
 *
 * @module
 */

export { DhtHost, type DhtState } from "./dht_host.ts";
export { createUdpSocket, type SocketFactory, type Traffic } from "./udp_socket.ts";
