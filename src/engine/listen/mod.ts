/**
 * The TCP listeners for peers: limits their connections, and restarts one that stops accepting.
 *
 * {@linkcode ConnectionLimit} limits the incoming connections, in total and for each address. When
 * the limit is reached, it drops the connections that have been idle longest, or refuses the new
 * connection if none is idle. {@linkcode PeerListeners} holds the listeners, and closes those of
 * addresses that cannot be used now. `listener_watchdog.ts` has their watchdog: the runtime's
 * listener can stop accepting without an error, so the watchdog tests the listener by dialling it,
 * and restarts it if the test fails.
 *
 * WebTorrent creates the listener, and `../client.ts` applies limit and watchdog to it. Outgoing
 * connections are limited in `../dial`.
 *
 * Start with `connection_limit.ts`.
 *
 * @module
 */

export { ConnectionLimit } from "./connection_limit.ts";
export { PeerListeners } from "./peer_listeners.ts";
