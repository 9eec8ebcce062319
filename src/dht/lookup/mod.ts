/**
 * The iterative lookup: the search for the nodes closest to a target (BEP 5, Kademlia).
 *
 * {@linkcode lookup} runs one search. It starts from the routing table and from the nodes that the last
 * search for this target found ({@linkcode ClosestNodesCache}), asks the closest candidates a few at a
 * time, adds the nodes that they name, and ends when the closest have all answered. The candidates of
 * one search live in `candidates.ts`.
 *
 * Three things are learnt across searches: {@linkcode RttEstimator} sets how long to wait for a node
 * before asking another, {@linkcode DistanceEstimate} recognises when no closer nodes are to be
 * expected, {@linkcode RecentLookups} lets a put reuse the answers of the get just before it.
 *
 * The meaning of the answers is the caller's business: `../records` reads items and peers out of them.
 *
 * Start with `lookup.ts`.
 *
 * @module
 */

export { ClosestNodesCache } from "./closest_nodes_cache.ts";
export { DistanceEstimate } from "./distance_estimate.ts";
export { lookup, type LookupAnswer, type LookupOptions, type LookupResult } from "./lookup.ts";
export { RecentLookups } from "./recent_lookups.ts";
export { QUERY_TIMEOUT_MS, RttEstimator } from "./rtt_estimator.ts";
