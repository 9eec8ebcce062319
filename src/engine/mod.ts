/**
 * The torrent engine with its DHT nodes, one for each address family: everything that talks
 * BitTorrent to strangers.
 *
 * {@linkcode Engine} is the entry point. It owns the WebTorrent client, the TCP listener and the
 * DHT nodes, and lends the nodes as `DhtNode`s of `src/dht`. It seeds archives (`seeds.ts`; an idle
 * archive costs only a table row) and downloads archives (`download.ts`).
 *
 * The folders, lowest layer first: `dial/` (limits on outgoing connections), `listen/` (limits on
 * incoming connections), `lan/` (local discovery), `upload/` (serving blocks), `libraries/`
 * (everything that replaces or patches a member of an npm package), `transport/` (TCP and uTP),
 * `dht/` (UDP sockets, answers to other nodes, limits), `holes/` (introductions between peers),
 * `download/` (piece picking, bans, web seeds), `details/` (what is shown of one torrent),
 * `rendezvous/` (questions about names and publishers).
 *
 * The engine runs in the sandboxed worker, so only `src/worker` imports its code; other rooms
 * import only its types. The engine does not schedule announcements: the DHT manager does, with the
 * lent node. The engine stores nothing on disk besides the archives, and holds no keys.
 *
 * Start with `engine.ts`, then read `dht/dht_host.ts` for UDP or `seeds.ts` for TCP.
 *
 * @module
 */

export type { PeerDetails, TorrentDetails } from "./details/mod.ts";
export {
  type Bucket,
  createUdpSocket,
  type DhtDetails,
  type DhtState,
  type FamilyDetails,
  type FamilyStatus,
  type SocketFactory,
  type Traffic,
} from "./dht/mod.ts";
export type { KindTraffic, PacketKind } from "./libraries/mod.ts";
export type { EncryptionMode } from "./dial/mod.ts";
export { wantRanges } from "./download.ts";
export type { DownloadRequest, RangesHeld, Reused } from "./download_request.ts";
export type { ByteRange, PeerCounts, ReusedRange, WebSeedStatus } from "./download/mod.ts";
export { Engine } from "./engine.ts";
export { EngineError } from "./errors.ts";
export type { PeerHandshake } from "./extended_handshake.ts";
export type { LanStatus, Neighbour } from "./lan/mod.ts";
export type { EngineOptions } from "./options.ts";
export type { RendezvousAsked, RendezvousPeers } from "./rendezvous/mod.ts";
export type { SeedOrder } from "./seeds.ts";
export type { DetailedTorrent, DownloadProgress, TorrentStatus, Totals } from "./torrents.ts";
export type { TransportMode, UtpStatus } from "./transport/mod.ts";
