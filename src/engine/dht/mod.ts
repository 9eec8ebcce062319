/**
 * The engine's DHT nodes, one for IPv4 and one for IPv6 (BEP 32): their UDP sockets, their answers
 * to other nodes, and the limits on both.
 *
 * A packet from a stranger takes this way: {@linkcode UdpSocket} receives it, and rejects it if it
 * is malformed, exceeds the rate limits (`query_limiter.ts`) or is an unrequested reply. It hands
 * packets of uTP to `utp_packets.ts`. npm:k-rpc decodes the others. `krpc_answers.ts` answers
 * queries: `get` and `put` through `item_answers.ts`, with items from `item_store.ts` and tokens from
 * `write_tokens.ts`; all other queries of IPv4 through npm:bittorrent-dht, with shortened answers,
 * and those of IPv6 through `peer_answers.ts`. `spread.ts` chooses which of many peers an answer names.
 *
 * {@linkcode DhtHosts} owns the nodes of both families. Each is a {@linkcode DhtHost}, which owns
 * npm:k-rpc and the socket. It reopens a failed socket, fills the routing table, detects whether any
 * node responds (`liveness.ts`), and lends the node as a `DhtNode`. It takes an id that fits the
 * external address (BEP 42), which `address_probe.ts` asks nodes for.
 *
 * Searches and announcements are made by the DHT manager (`src/dht`). Packet validation and all
 * changes inside npm:k-rpc are in `../libraries`.
 *
 * Start with `dht_host.ts`, or with `udp_socket.ts` to follow a packet.
 *
 * @module
 */

export { DhtHost } from "./dht_host.ts";
export type { DhtState } from "./dht_host_options.ts";
export {
  type DhtDetails,
  DhtHosts,
  type DhtHostsOptions,
  type FamilyDetails,
  type FamilyStatus,
} from "./dht_hosts.ts";
export type { Bucket } from "./table_buckets.ts";
export type { Traffic } from "./traffic.ts";
export { createUdpSocket, type SocketFactory } from "./udp_socket.ts";
