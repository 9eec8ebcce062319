/**
 * The gate's thread: it may use the whole network and nothing else. It opens connections that
 * Deno's permission lists cannot express: to peers and DHT nodes over IPv6, to neighbours that local
 * discovery (BEP 14) has heard, to web seeds (BEP 19), and to our router. It checks each address
 * first, and moves bytes without reading them. Of local discovery, and of a router of IPv6, it reads one field.
 *
 * The launcher starts the thread with {@linkcode connectGate} and hands a port to each thread that
 * asks. There, `src/gate` turns the port into sockets. The gate does not trust the asking thread:
 * options come from the launcher alone, and `protocol.ts` parses each message.
 *
 * The thread loads no library, and a module of Node only when the DHT of IPv6 or a binding to one
 * address needs it.
 *
 * - `main.ts` is the entry point, and `gate.ts` opens the channels.
 * - `policy.ts` decides which addresses may be contacted.
 * - `confined.ts` and `node_access.ts` confine the thread.
 * - `channel.ts` has the credit; `streams.ts`, `datagrams.ts` and `discovery.ts` carry packets.
 *
 * Start with `protocol.ts`, then `gate.ts`.
 *
 * @module
 */

export { connectGate, discoveryInterfaces, type GateConnection, type Gateways } from "./connect.ts";
export { gatePermissions } from "./permissions.ts";
export {
  type Ask,
  type Kind,
  MAX_PACKET_BYTES,
  type OnlyServer,
  type Packet,
  type Tell,
  WINDOW_BYTES,
  WINDOW_PACKETS,
} from "./protocol.ts";
