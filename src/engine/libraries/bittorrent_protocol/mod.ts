/**
 * npm:bittorrent-protocol, the connection to a peer, and how bytes get through it. `wire_reader.ts`
 * parses what a peer sends and ends connections that send what no peer may; `wire_writer.ts` joins
 * messages and bounds what waits to be sent; `upload_queue.ts` answers requests from queues that
 * `engine/upload` keeps fair.
 *
 * The bytes between socket and connection are moved by `engine/libraries/webtorrent/peer_pipes.ts`, which calls
 * {@linkcode receive}. Extensions of the protocol are in `extensions`.
 *
 * @module
 */

export { connectionPrototype } from "./connection.ts";
export { type Uploader, uploadReplacements } from "./upload_queue.ts";
export { type Reader, readerReplacements, readerUses, receive } from "./wire_reader.ts";
export { type Block, type Writer, writerReplacements } from "./wire_writer.ts";
