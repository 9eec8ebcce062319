/**
 * Changes to npm:k-rpc and npm:k-rpc-socket, and their types.
 *
 * @module
 */

export * from "./krpc_types.ts";
export { QueryTimeouts } from "./query_timeouts.ts";
export { guardTable } from "./table_guard.ts";
export { Transactions } from "./transactions.ts";
