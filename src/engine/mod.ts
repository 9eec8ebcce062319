/**
 * The torrent engine with the one DHT node: everything that talks BitTorrent to strangers.
 *
 * {@linkcode Engine} is the way in. It owns the WebTorrent client, the TCP listener and the DHT node, and
 * lends the node as a `DhtNode` of `src/dht`. It seeds archives (`seeds.ts`; idle ones cost only a table
 * row) and downloads them (`download.ts`).
 *
 * Inside, lowest first: `dial/` (limits on outgoing connections), `listen/` (incoming connections),
 * `upload/` (serving blocks), `libraries/` (everything that replaces or patches a member of an npm
 * package), `dht/` (UDP socket, answers to other nodes, limits), `download/` (piece picking, bans).
 *
 * The engine runs in the sandboxed worker, so its code is imported by `src/worker` only; other rooms use
 * its types. It does not decide what is announced when: that is the DHT manager's, which borrows the
 * node. It keeps no state on disk besides the archives, and no keys.
 *
 * Start with `engine.ts`, then `dht/dht_host.ts` for UDP or `seeds.ts` for TCP.
 *
 * @module
 */

export { createUdpSocket, type DhtState, type SocketFactory, type Traffic } from "./dht/mod.ts";
export type { DownloadRequest } from "./download.ts";
export type { PeerCounts } from "./download/mod.ts";
export { Engine } from "./engine.ts";
export { EngineError } from "./errors.ts";
export type { EngineOptions } from "./options.ts";
export type { SeedOrder } from "./seeds.ts";
export type { DownloadProgress, TorrentStatus, Totals } from "./torrents.ts";
