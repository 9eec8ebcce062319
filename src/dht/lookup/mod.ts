/**
 * The iterative search towards an id.
 *
 * @module
 */

export { DistanceEstimate } from "./distance_estimate.ts";
export { lookup, type LookupAnswer, type LookupOptions, type LookupResult } from "./lookup.ts";
export { ClosestNodesCache } from "./closest_nodes_cache.ts";
export { RecentLookups } from "./recent_lookups.ts";
export { QUERY_TIMEOUT_MS, RttEstimator } from "./rtt_estimator.ts";
