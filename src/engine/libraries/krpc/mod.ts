/**
 * Subclasses and guards of npm:k-rpc-socket and npm:k-rpc, which the DHT node is built on.
 *
 * - {@linkcode QuerySocket} is a subclass of npm:k-rpc-socket. It sends all of our queries, with
 *   random transaction ids ({@linkcode Transactions}) and timeouts (`query_timeouts.ts`).
 * - {@linkcode KrpcNode} is the node with its routing table. {@linkcode guardTable} limits which
 *   contacts enter the table.
 * - {@linkcode PacketCounts} counts packets by kind.
 * - `krpc_guard.ts` validates each packet before the packages decode it.
 *
 * `engine/dht` answers queries. Begin with `krpc_socket.ts`.
 *
 * @module
 */

export { classifyByPrefix, type Refusal, validatePacket, type ValidPacket } from "./krpc_guard.ts";
export { changeNodeId, KrpcNode, type KrpcNodeOptions, krpcReplacements } from "./krpc_node.ts";
export { type PacketSocket, QuerySocket, type QuerySocketOptions } from "./krpc_socket.ts";
export * from "./krpc_types.ts";
export {
  type KindTraffic,
  PacketCounts,
  type PacketKind,
  type QueryKind,
} from "./packet_counts.ts";
export { guardTable } from "./table_guard.ts";
export { Transactions } from "./transactions.ts";
