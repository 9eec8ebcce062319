/**
 * Reading and writing the DHT (BEP 5, BEP 44) through a borrowed node.
 *
 * {@linkcode DhtManager} is the way in. It gets and puts mutable items, finds peers and announces
 * torrents, each operation as one lookup followed by queries to the closest nodes, and returns an
 * outcome that counts what the nodes did. {@linkcode Reannouncer} repeats puts and announcements on a
 * schedule, so that records outlive the two hours after which nodes may forget them. Both share a
 * {@linkcode RateLimiter}: background work waits for it, foreground work does not.
 *
 * Inside, lowest first: `node/` (the {@linkcode DhtNode} interface), `lookup/` (the iterative search),
 * `records/` (the operations), `announce/` (the schedule).
 *
 * Everything from outside is handed in: nodes, clock, random numbers. The room opens no socket, knows no
 * WebTorrent, holds no private key and stores nothing on disk.
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
