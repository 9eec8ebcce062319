/**
 * A DHT of many real nodes on 127.0.0.1, so that everything runs with no internet: for the tests,
 * and for `libreseed testnet`.
 *
 * @module
 */

export { TestnetError } from "./errors.ts";
export type { QueryCounts, ReceivedQueries, ReceivedQuery, TestnetNode } from "./node.ts";
export { startTestnet, type Testnet, type TestnetOptions } from "./testnet.ts";
