/**
 * uTP, the Micro Transport Protocol (BEP 29): reliable streams over UDP that give way to other
 * traffic (LEDBAT, RFC 6817).
 *
 * The room has no socket, clock or timer of its own: {@linkcode UtpEndpoint} gets a function that
 * sends datagrams, is handed received ones, and is told the time. `src/engine` puts it on the DHT's
 * UDP socket. A connection is a {@linkcode UtpSocket}, with the members of `net.Socket` that the
 * engine uses.
 *
 * From the bottom: `sequence.ts` and `packet.ts` are the format. `delay_history.ts`, `round_trip.ts`,
 * `congestion.ts`, `pacer.ts`, `ack_policy.ts` and `path_mtu.ts` measure and decide; each is one class
 * without any I/O. `outgoing.ts` and `incoming.ts` are the halves of a connection, `connection.ts` its
 * states; `send_order.ts` finds what is lost in constant time, `selective.ts` reads what
 * has arrived. `half_open.ts` and `limits.ts` bound what strangers can make us remember.
 *
 * Start with `endpoint.ts`, then read `connection.ts`.
 *
 * @module
 */

export { type Received, type UtpCounts, UtpEndpoint, type UtpEndpointOptions } from "./endpoint.ts";
export { UTP_LIMITS, type UtpLimits, UtpUsage } from "./limits.ts";
export { isUtp } from "./packet.ts";
export { UtpSocket } from "./socket.ts";
