/**
 * The TCP listener for peers: how many incoming connections are kept, and that it goes on accepting.
 *
 * {@linkcode ConnectionLimit} bounds all incoming connections and those of one address. When it is full, it
 * drops the connection that has been idle longest, or else refuses the new one. {@linkcode watchListener}
 * is a watchdog: the runtime's listener can stop accepting without an error, so it is tested by a
 * connection of our own and restarted if that fails.
 *
 * The listener itself is WebTorrent's; `../client.ts` connects the two. Outgoing connections are bounded in
 * `../dial`.
 *
 * Start with `connection_limit.ts`.
 *
 * @module
 */

export { ConnectionLimit } from "./connection_limit.ts";
export { watchListener } from "./listener_watchdog.ts";
