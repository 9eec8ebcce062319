/**
 * The `DhtNode` that is borrowed, and what goes with it: ids, distances, compact addresses.
 *
 * @module
 */

export { decode, encode } from "./bencode.ts";
export { compactNodes, type KnownContact, parseCompactNodes } from "./compact_nodes.ts";
export { compareDistance, neighbourTarget, sharedBits } from "./distance.ts";
export { DhtError } from "./errors.ts";
export type { Contact, DhtNode, NodeProvider, QueryName, QueryResult, QueryValue } from "./node.ts";
export { RateLimiter } from "./rate_limiter.ts";
