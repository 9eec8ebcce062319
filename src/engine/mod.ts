/**
 * The torrent engine and the one DHT node that it owns. Knows the `DhtNode` interface, not the
 * manager that borrows through it.
 *
 * @module
 */

export type { DhtState } from "./dht_host.ts";
export type { DownloadRequest } from "./download.ts";
export { Engine, type EngineOptions } from "./engine.ts";
export { EngineError } from "./errors.ts";
export type { PeerCounts } from "./peer_reach.ts";
export type { SeedOrder } from "./seeds.ts";
export type { DownloadProgress, TorrentStatus, Totals } from "./torrents.ts";
export { createUdpSocket, type SocketFactory, type Traffic } from "./udp_socket.ts";
