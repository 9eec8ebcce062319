/**
 * The torrent engine and the one DHT node that it owns. Knows the `DhtNode` interface, not the
 * manager that borrows through it.
 *
 * @module
 */

export { createUdpSocket, type DhtState, type SocketFactory, type Traffic } from "./dht/mod.ts";
export type { DownloadRequest } from "./download.ts";
export { Engine, type EngineOptions } from "./engine.ts";
export { EngineError } from "./errors.ts";
export type { PeerCounts } from "./download/mod.ts";
export type { SeedOrder } from "./seeds.ts";
export type { DownloadProgress, TorrentStatus, Totals } from "./torrents.ts";
