/**
 * The interface to a borrowed DHT node, and the values that its queries carry.
 *
 * {@linkcode DhtNode} is an interface: the engine implements it over its UDP socket, tests
 * implement it over a simulated network. A {@linkcode NodeProvider} returns the nodes that can be
 * borrowed now. {@linkcode Contact} is the address of a node. Ids and targets have 20 bytes and are
 * compared by XOR distance (`distance.ts`).
 * {@linkcode RateLimiter} is the token bucket that the setting `dht-rate` configures.
 *
 * Sockets, timeouts and the routing table belong to the engine; searching belongs to `../lookup`.
 *
 * Start with `node.ts`.
 *
 * @module
 */

export { countedNode } from "./counted_node.ts";
export { compareDistance, neighbourTarget } from "./distance.ts";
export type { Contact, DhtNode, NodeProvider, QueryName, QueryResult, QueryValue } from "./node.ts";
export { RateLimiter } from "./rate_limiter.ts";
