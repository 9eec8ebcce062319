/**
 * Connections to peers: by TCP, or by uTP (BEP 29) on the UDP sockets of the DHT's nodes.
 *
 * {@linkcode Transports} owns the uTP connections (`src/utp`) and dials: TCP first, and a quarter of a
 * second later uTP, too. {@linkcode RacingSocket} is the one connection that the rest of the engine
 * sees. {@linkcode UtpPort} is what uTP needs of the UDP socket, which belongs to `../dht`.
 *
 * Start with `transports.ts`.
 *
 * @module
 */

export { type Carrier, type PeerSocket, RacingSocket } from "./race.ts";
export { carrierOf, type TransportMode, Transports } from "./transports.ts";
export type { UtpPort, UtpStatus, UtpTraffic } from "./utp_port.ts";
