/**
 * Reading and writing the DHT (BEP 5, BEP 44). The engine owns the DHT nodes; this room
 * borrows them.
 *
 * {@linkcode DhtManager} is the main class. It gets and puts mutable items, finds peers and
 * announces torrents. Each operation is one lookup, followed by queries to the closest nodes. The
 * outcome of an operation counts the nodes that answered. {@linkcode Reannouncer} repeats puts and
 * announcements on a schedule, because nodes may forget a record after two hours. The manager and
 * the schedule share a {@linkcode RateLimiter}: background work waits for the limiter, foreground
 * work does not.
 *
 * Folders, lowest first: `node/` (the {@linkcode DhtNode} interface), `lookup/` (the iterative
 * search), `records/` (the operations), `announce/` (the schedule).
 *
 * Callers pass in the nodes, the clock and the random numbers. The room opens no socket, does not
 * depend on WebTorrent, holds no private key and stores nothing on disk.
 *
 * Start with `records/manager.ts`.
 *
 * @module
 */

export { DhtError } from "./errors.ts";
export {
  type Contact,
  type DhtNode,
  type NodeProvider,
  type QueryName,
  type QueryResult,
  type QueryValue,
  RateLimiter,
} from "./node/mod.ts";
export {
  type AnnounceOutcome,
  type ByFamily,
  DhtManager,
  type DhtManagerOptions,
  type DhtManagerStats,
  type GetOutcome,
  type ItemKey,
  type PeerAddress,
  type PeersOutcome,
  type PutOutcome,
  type PutTerms,
} from "./records/mod.ts";

export {
  type AnnounceReport,
  type KeptRecord,
  Reannouncer,
  type ReannouncerOptions,
} from "./announce/mod.ts";
