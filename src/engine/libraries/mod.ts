/**
 * Everything that replaces or stands in for something inside a package of npm, and nothing else.
 *
 * @module
 */

export { applied } from "./applied.ts";
export { ArchiveStore } from "./chunk_store.ts";
export { OwnDials } from "./dialling.ts";
export { take, wakeOnHandshake } from "./handshake.ts";
export { Encoded, KrpcEncoder } from "./krpc_encode.ts";
export { examine, glance, type Refusal } from "./krpc_guard.ts";
export type { Krpc, KrpcError, KrpcMessage, KrpcSocket } from "./krpc_types.ts";
export { acceptReading } from "./peer_pipes.ts";
export { QueryTimeouts } from "./query_timeouts.ts";
export { guardTable } from "./table_guard.ts";
export { Transactions } from "./transactions.ts";
export type { Client, Torrent, Wire } from "./webtorrent_types.ts";
