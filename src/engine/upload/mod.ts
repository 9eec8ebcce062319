/**
 * Serves blocks to peers. A seeder with many peers must not read faster than it can send, favour
 * the peer that sends the most requests, or allocate memory for every block. Each type here solves
 * a part of this problem, independently of sockets and of WebTorrent:
 *
 * - {@linkcode RequestQueue} holds the requests of one peer in little memory: a peer may send
 *   65,536.
 * - {@linkcode FairQueue} chooses the peer to serve next: the one that has been sent the fewest
 *   bytes.
 * - {@linkcode ReadCoalescer} reads adjacent blocks with one read and turns them into `piece`
 *   messages (BEP 3).
 * - {@linkcode BufferPool} reuses the memory of messages that have been sent.
 *
 * `../libraries/bittorrent_protocol/upload_queue.ts` combines these types and hooks them into
 * npm:bittorrent-protocol. npm:webtorrent does choking and the upload limit.
 *
 * Start with `fair_queue.ts`.
 *
 * @module
 */

export { BufferPool } from "./buffer_pool.ts";
export { FairQueue, type Flow } from "./fair_queue.ts";
export { type BlockSource, type CoalescedRead, ReadCoalescer } from "./read_coalescer.ts";
export { type Request, RequestQueue } from "./request_queue.ts";
