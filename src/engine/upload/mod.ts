/**
 * Serving blocks to peers. A seeder with many peers must not read faster than it can send, favour the
 * peer that asks loudest, or allocate memory for every block. The types here solve one of these each,
 * and know neither sockets nor WebTorrent:
 *
 * - {@linkcode RequestQueue} holds the requests of one peer, compactly: a peer may send 65,536.
 * - {@linkcode FairQueue} chooses the peer to serve next, by the fewest bytes sent so far.
 * - {@linkcode ReadCoalescer} reads adjacent blocks at once and turns them into messages (BEP 3).
 * - {@linkcode BufferPool} keeps the memory of messages that have been sent.
 *
 * `../libraries/bittorrent_protocol/upload_queue.ts` joins them and hooks them into npm:bittorrent-protocol.
 * Choking and the upload limit are the library's.
 *
 * Start with `fair_queue.ts`.
 *
 * @module
 */

export { BufferPool } from "./buffer_pool.ts";
export { FairQueue, type Flow } from "./fair_queue.ts";
export { type BlockSource, type CoalescedRead, ReadCoalescer } from "./read_coalescer.ts";
export { type Request, RequestQueue } from "./request_queue.ts";
