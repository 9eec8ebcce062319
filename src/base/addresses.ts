/**
 * Classifies addresses as local or public, groups them by network, and decides which ports libreseed
 * may contact. Peers and DHT nodes are named by strangers, so ports of system services must be
 * refused.
 *
 * @module
 */

import { toHex } from "./bytes.ts";
import { parseAddress } from "./ip_address.ts";

const LOCAL = /^(?:127|10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))\./;
/** Lowest port that is not reserved for system services (RFC 6335, section 6). */
const FIRST_USER_PORT = 1_024;
/** Ports of HTTP and HTTPS. Some peers listen there, because firewalls let these ports through. */
const WEB_PORTS = [80, 443];
/** Length of the prefix that a site with IPv6 gets (/48), in bytes. */
const SITE_BYTES = 6;

/**
 * Whether an IPv4 address in dotted form is loopback, private (RFC 1918) or link-local (RFC 3927).
 */
export function isLocalAddress(host: string): boolean {
  return LOCAL.test(host);
}

/**
 * Returns the network of an address, in which one attacker may have all addresses; `undefined` for
 * loopback and private addresses. A /24 of IPv4 is what one customer of a hoster may have, and a /48
 * of IPv6 what one site gets (RFC 6177).
 *
 * @param host IP address as text
 */
export function networkOf(host: string): string | undefined {
  if (!host.includes(":")) {
    return isLocalAddress(host) ? undefined : host.slice(0, host.lastIndexOf("."));
  }
  return host === "::1" ? undefined : toHex(parseAddress(host)!.subarray(0, SITE_BYTES));
}

/** Whether libreseed may contact a peer at this TCP port: 80, 443, or 1024 to 65535. */
export function isPeerPort(port: number): boolean {
  return isNodePort(port) || WEB_PORTS.includes(port);
}

/** Whether libreseed may contact a DHT node at this UDP port: 1024 to 65535. */
export function isNodePort(port: number): boolean {
  return Number.isInteger(port) && port >= FIRST_USER_PORT && port <= 65_535;
}
