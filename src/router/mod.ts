/**
 * Opens our port in the home router, by PCP (RFC 6887), NAT-PMP (RFC 6886) or UPnP IGD (versions 1
 * and 2), and keeps it open. For IPv6, which is not translated, the same code opens a pinhole in the
 * router's firewall, by PCP or IGD 2.
 *
 * - `port_mapper.ts`: the life of the mappings, from the first search to the end.
 * - `establish.ts` probes the protocols and picks the best that the router speaks.
 * - `pcp_client.ts`, `nat_pmp_client.ts`, `upnp_client.ts`, `pinhole_client.ts` speak one protocol
 *   each, over the packets of `pcp.ts` and `nat_pmp.ts`, and over `ssdp.ts`, `description.ts`, `soap.ts`, `http.ts`, `xml.ts`.
 * - `transport.ts`: the sockets, which are handed in.
 *
 * A router is a stranger. Its answers are bounded and checked against the request. Left to others:
 * the sockets, the check that they lead to the gateway, and the use of the external port in
 * announcements. Start reading in `port_mapper.ts`.
 *
 * @module
 */

export { RouterError } from "./errors.ts";
export { PortMapper, type PortMapperOptions } from "./port_mapper.ts";
export { NONCE_BYTES } from "./pcp.ts";
export type { ProtocolName } from "./protocol.ts";
export type { PortMapping, PortMappingStatus } from "./status.ts";
export {
  type Endpoint,
  familyOf,
  type Gateway,
  type OnDatagram,
  PORT_CONTROL_PORT,
  type PortControlSocket,
  type RouterConnection,
  type RouterSocket,
  type RouterTransport,
  SSDP_GROUP,
} from "./transport.ts";
