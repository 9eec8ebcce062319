/**
 * The iterative lookup: the search for the nodes closest to a target (BEP 5, Kademlia).
 *
 * {@linkcode lookup} runs one search. It starts from the routing table and from the nodes that the
 * last search for the same target found (`closest_nodes_cache.ts`). It queries a few of the
 * closest candidates at a time, adds the nodes that their replies name, and ends when the closest
 * nodes have all answered. `candidates.ts` contains the candidates of one search.
 *
 * {@linkcode Learned} keeps, for each address family, estimates and caches for later searches. The
 * round-trip estimate sets the time to wait for a reply before another node is queried. The distance
 * estimate tells whether closer nodes can be expected. {@linkcode RecentLookups} lets a put reuse the
 * replies of the get just before it.
 *
 * The callers interpret the replies: `../records` reads items and peers from them.
 *
 * Start with `lookup.ts`.
 *
 * @module
 */

export { preferFitting } from "./holders.ts";
export { Learned } from "./learned.ts";
export { lookup, type LookupAnswer, type LookupOptions, type LookupResult } from "./lookup.ts";
export { RecentLookups } from "./recent_lookups.ts";
export { QUERY_TIMEOUT_MS } from "./rtt_estimator.ts";
