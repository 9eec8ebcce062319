/**
 * The gate: a thread that may use the whole network and nothing else. It opens what Deno's lists of
 * permissions cannot express, after checking each address itself, and moves bytes without reading
 * them: peers of IPv6, the UDP socket of IPv6, neighbours that local discovery (BEP 14) has heard,
 * web seeds (BEP 19), and our router.
 *
 * The launcher starts the thread with {@linkcode connectGate} and hands a port to each thread that
 * asks. There, {@linkcode GateClient} turns the port into sockets. The gate does not trust the
 * asking thread: options come from the launcher alone, and `protocol.ts` parses each message.
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
