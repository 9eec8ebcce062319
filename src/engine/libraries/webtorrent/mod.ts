/**
 * Changes to npm:webtorrent and npm:torrent-piece, and their types.
 *
 * @module
 */

export { ArchiveStore } from "./chunk_store.ts";
export { OwnDials } from "./dialling.ts";
export { take, wakeOnHandshake } from "./handshake.ts";
export { acceptReading } from "./peer_pipes.ts";
export {} from "./piece_buffer.ts";
export type { Client, Torrent, Wire } from "./webtorrent_types.ts";
