/**
 * The interface through which this room reaches the router. The room opens no socket: the program
 * hands in the gate's sockets, which lead to the gateway only; tests hand in sockets on 127.0.0.1.
 *
 * @module
 */

import type { Family } from "../base/mod.ts";

/** UDP port of PCP and NAT-PMP servers (RFC 6887, section 19.1; RFC 6886, section 1.1). */
export const PORT_CONTROL_PORT = 5_351;
/** Multicast group and port of SSDP (UPnP Device Architecture 2.0, section 1.1.2). */
export const SSDP_GROUP = { address: "239.255.255.250", port: 1_900 };
/** The link-local group of SSDP over IPv6 (UPnP Device Architecture 2.0, annex A). */
export const SSDP_GROUP_IPV6 = "ff02::c";

/**
 * An IP address and a port. A link-local address of IPv6 has a zone where it is sent to
 * (`fe80::1%eth0`), and none where it is a sender.
 */
export interface Endpoint {
  address: string;
  port: number;
}

/** The router that leads to the internet, as the routing table names it. */
export interface Gateway {
  /** Address of the router in our network; a link-local one of IPv6 with its zone. */
  address: string;
  /** Address from which this machine sends to the internet; PCP needs it, and IPv6 has it always. */
  localAddress?: string;
}

/** Returns the family of a gateway's addresses. */
export function familyOf({ address }: Gateway): Family {
  return address.includes(":") ? 6 : 4;
}

/** An open UDP socket. */
export interface RouterSocket {
  /** Sends one datagram. A datagram that cannot be sent is lost without an error. */
  send(bytes: Uint8Array): void;
  close(): void;
}

/** A UDP socket that sends to a server of PCP or NAT-PMP. */
export interface PortControlSocket extends RouterSocket {
  /** Address, without a zone, and port of the server. Datagrams of other senders are dropped. */
  readonly server: Endpoint;
}

/** A TCP connection to the router. */
export interface RouterConnection {
  /** Address of this machine on the connection. */
  readonly localAddress: string;
  write(bytes: Uint8Array): Promise<void>;
  /** Returns the next bytes, or `undefined` at the end. */
  read(): Promise<Uint8Array | undefined>;
  close(): void;
}

/** Receives a datagram and its sender. */
export type OnDatagram = (bytes: Uint8Array, from: Endpoint) => void;

/** The sockets that this room needs. */
export interface RouterTransport {
  /** Opens a UDP socket that sends to {@linkcode PORT_CONTROL_PORT} of the gateway. */
  openPortControl(gateway: string, onDatagram: OnDatagram): Promise<PortControlSocket>;
  /**
   * Opens a UDP socket that sends to the group of SSDP in the gateway's family, and to SSDP's port of
   * the gateway. Without a gateway, the family is IPv4.
   */
  openSsdp(gateway: Gateway | undefined, onDatagram: OnDatagram): Promise<RouterSocket>;
  /**
   * Connects to a port of the router. A connection over IPv6 comes from the gateway's `localAddress`.
   * Rejects when `signal` aborts.
   */
  connect(to: Endpoint, signal: AbortSignal): Promise<RouterConnection>;
}
