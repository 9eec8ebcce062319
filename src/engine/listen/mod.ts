/**
 * The TCP listener for peers: limits its connections, and restarts it when it stops accepting.
 *
 * {@linkcode ConnectionLimit} limits the incoming connections, in total and for each address. When
 * the limit is reached, it drops the connections that have been idle longest, or refuses the new
 * connection if none is idle. {@linkcode watchListener} is a watchdog: the runtime's listener can
 * stop accepting without an error, so the watchdog tests the listener by dialling it, and restarts
 * it if the test fails.
 *
 * WebTorrent creates the listener, and `../client.ts` applies limit and watchdog to it. Outgoing
 * connections are limited in `../dial`.
 *
 * Start with `connection_limit.ts`.
 *
 * @module
 */

export { ConnectionLimit } from "./connection_limit.ts";
export { watchListener } from "./listener_watchdog.ts";
