/**
 * The iterative search towards an id.
 *
 * @module
 */

export { Density } from "./density.ts";
export { lookup, type LookupAnswer, type LookupOptions, type LookupResult } from "./lookup.ts";
export { Neighbourhoods } from "./neighbourhoods.ts";
export { RecentLookups } from "./recent_lookups.ts";
export { QUERY_TIMEOUT_MS, RoundTripEstimator } from "./round_trip.ts";
