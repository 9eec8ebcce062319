/**
 * The TCP listener for peers: watching that it accepts, and the limit of its connections.
 *
 * @module
 */

export { ConnectionLimit } from "./connection_limit.ts";
export { watchListener } from "./listener_watchdog.ts";
