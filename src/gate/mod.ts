/**
 * The gate: a thread that may use the whole network and nothing else. It opens connections that
 * Deno's permission lists cannot express: to peers over IPv6, to neighbours that local discovery
 * (BEP 14) has heard, to web seeds (BEP 19), and to our router. It checks each address first, and
 * moves bytes without reading them. Only local discovery reads datagrams (`bep14.ts`).
 *
 * The launcher starts the thread with {@linkcode connectGate} and hands a port to each thread that
 * asks. In the asking thread, {@linkcode GateClient} turns the port into sockets. The gate does not
 * trust the asking thread: options come from the launcher alone, and `protocol.ts` parses each
 * message.
 *
 * Inside the thread, `main.ts` is the entry point and `gate.ts` opens the channels.
 *
 * Start with `protocol.ts`, then `gate.ts`.
 *
 * @module
 */

export { RouterSockets } from "./client_router.ts";
export { GateClient, type LocalDiscovery } from "./client.ts";
export { GateSocket } from "./client_socket.ts";
export { GateUdp } from "./client_udp.ts";
export { connectGate, discoveryInterfaces, type GateConnection } from "./connect.ts";
export { GateError } from "./errors.ts";
export { gatePermissions } from "./permissions.ts";
export type { HeardPeer } from "./protocol.ts";
export type { FetchedRange, RangeOrder } from "./range_request.ts";
