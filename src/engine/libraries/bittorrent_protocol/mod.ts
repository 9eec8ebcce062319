/**
 * Changes to npm:bittorrent-protocol, the connection to a peer.
 *
 * @module
 */

export { type Writer } from "./wire_writer.ts";
// After the writer, whose way of taking a block off a list it goes on from.
export { type Uploader } from "./upload_queue.ts";
export {} from "./wire_guard.ts";
export { type Reader, receive } from "./wire_reader.ts";
