/**
 * The DHT node that the engine owns: its UDP socket, its limits, the items that it stores for others.
 *
 * @module
 */

export { DhtHost, type DhtState } from "./dht_host.ts";
export { createUdpSocket, type SocketFactory, type Traffic } from "./udp_socket.ts";
