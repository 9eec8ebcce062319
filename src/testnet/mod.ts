/**
 * A local DHT of real nodes on 127.0.0.1, for tests and for `libreseed testnet`. With it everything runs
 * without the internet.
 *
 * {@linkcode startTestnet} starts up to 2,000 nodes of npm:bittorrent-dht, each with a UDP socket of its own,
 * and fills their routing tables without sending a packet. The {@linkcode Testnet} returns the address to
 * pass to `--bootstrap`. Each {@linkcode TestnetNode} counts the queries that it receives, shows which items
 * it holds, and can be killed.
 *
 * The nodes are independent of libreseed's own DHT node (`src/engine/dht`), so that the two check each
 * other.
 *
 * Start with `testnet.ts`.
 *
 * @module
 */

export { TestnetError } from "./errors.ts";
export type { QueryCounts, ReceivedQueries, ReceivedQuery, TestnetNode } from "./node.ts";
export { startTestnet, type Testnet, type TestnetOptions } from "./testnet.ts";
