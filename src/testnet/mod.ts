/**
 * A local DHT of real nodes on 127.0.0.1 or ::1, for tests and for `libreseed testnet`. Everything
 * can be tested with it without the internet. Each family of addresses has a DHT of its own (BEP 32),
 * so `libreseed testnet --ipv6` runs two testnets.
 *
 * {@linkcode startTestnet} starts up to 2,000 nodes of npm:bittorrent-dht, each with its own UDP
 * socket. It fills their routing tables without sending a packet. The returned {@linkcode Testnet}
 * has the address to pass to `--bootstrap`. Each {@linkcode TestnetNode} counts the queries that it
 * receives, lists the items that it stores, and can be killed.
 *
 * The nodes do not use libreseed's own DHT node (`src/engine/dht`), so each implementation tests
 * the other.
 *
 * Start with `testnet.ts`.
 *
 * @module
 */

export { TestnetError } from "./errors.ts";
export type { QueryCounts, ReceivedQueries, ReceivedQuery, TestnetNode } from "./node.ts";
export { startTestnet, type Testnet, type TestnetOptions } from "./testnet.ts";
