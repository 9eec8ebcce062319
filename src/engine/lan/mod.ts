/**
 * Finds peers in the local network by local discovery (BEP 14).
 *
 * {@linkcode Neighbours} announces our torrents, and tells which neighbours are to be dialled.
 * `announcements.ts` decides which torrents are announced when. The gate (`src/gate`) has the
 * multicast sockets, parses the datagrams, and dials the neighbours.
 *
 * Start with `neighbours.ts`.
 *
 * @module
 */

export { type LanStatus, type Neighbour, Neighbours } from "./neighbours.ts";
