/**
 * Connections through the gate, for the threads that ask. {@linkcode GateClient} turns a port of the
 * gate into sockets to peers, ranges of web seeds' files, a UDP socket, local discovery, and sockets
 * to the router. The gate checks the addresses; `src/gate_thread` has its code and the protocol.
 *
 * The sockets look like those of Node, because the engine's libraries expect these. HTTP is spoken
 * here: a library would connect past the gate.
 *
 * Start with `client.ts`.
 *
 * @module
 */

export { GateClient } from "./client.ts";
export type { HeardPeer, LocalDiscovery } from "./client_discovery.ts";
export { RouterSockets } from "./client_router.ts";
export { GateSocket } from "./client_socket.ts";
export { GateUdp } from "./client_udp.ts";
export { GateError } from "./errors.ts";
export type { GateStatus } from "./gate_status.ts";
export type { PostOrder } from "./post_request.ts";
export type { FetchedRange, RangeOrder } from "./range_request.ts";
