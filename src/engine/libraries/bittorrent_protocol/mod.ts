/**
 * Replacements inside npm:bittorrent-protocol, whose class is a connection to a peer.
 *
 * - `wire_reader.ts` parses received bytes, and closes the connection on an invalid message.
 * - `wire_writer.ts` joins outgoing messages, and limits the unsent bytes.
 * - `initial_payload.ts` sends our handshake within the encrypted handshake.
 * - `early_requests.ts` requests blocks before the metadata are known.
 * - `announced_pieces.ts` counts the pieces that a peer announces.
 * - `upload_queue.ts` answers requests, from queues that `engine/upload` serves fairly.
 *
 * `engine/libraries/webtorrent/peer_pipes.ts` moves bytes between socket and connection, and calls
 * {@linkcode receive}. Extensions of the protocol are in `extensions`.
 *
 * @module
 */

export { type AnnouncedTo, announcementReplacements } from "./announced_pieces.ts";
export { connectionPrototype } from "./connection.ts";
export { earlyUses, requestEarly } from "./early_requests.ts";
export { type Payloaded, payloadReplacements } from "./initial_payload.ts";
export { type Uploader, uploadReplacements } from "./upload_queue.ts";
export {
  isEncrypted,
  type Reader,
  readerReplacements,
  readerUses,
  receive,
  requiresEncryption,
} from "./wire_reader.ts";
export { type Block, type Writer, writerReplacements } from "./wire_writer.ts";
