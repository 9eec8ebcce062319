/**
 * npm:k-rpc-socket and npm:k-rpc, on which the DHT node stands.
 *
 * - {@linkcode QuerySocket} is a subclass of the socket: all of our queries pass its `query`, which
 *   gives them random ids ({@linkcode Transactions}) and time-outs ({@linkcode QueryTimeouts}).
 * - {@linkcode KrpcNode} is the node with its routing table; {@linkcode guardTable} bounds which contacts
 *   enter the table.
 *
 * `krpc_guard.ts` checks each packet before the packages decode it. Answering queries is left to
 * `engine/dht`. Begin with `krpc_socket.ts`.
 *
 * @module
 */

export { classifyByPrefix, type Refusal, validatePacket, type ValidPacket } from "./krpc_guard.ts";
export { KrpcNode, type KrpcNodeOptions, krpcReplacements } from "./krpc_node.ts";
export { type PacketSocket, QuerySocket, type QuerySocketOptions } from "./krpc_socket.ts";
export * from "./krpc_types.ts";
export { guardTable } from "./table_guard.ts";
export { Transactions } from "./transactions.ts";
