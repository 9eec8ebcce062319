/**
 * Which IPv4 addresses are of a local network, where one machine may stand for many, and at which ports
 * somebody may be talked to whom a stranger has named.
 *
 * @module
 */

const LOCAL = /^(?:127|10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))\./;
/** Below are the ports of the system's own services (RFC 6335, section 6). */
const FIRST_USER_PORT = 1_024;
/** Ports of the web, at which peers listen so as to get through firewalls. */
const WEB_PORTS = [80, 443];

/** Whether a dotted IPv4 address is of loopback, private (RFC 1918) or link-local (RFC 3927). */
export function isLocalAddress(host: string): boolean {
  return LOCAL.test(host);
}

/** Whether a peer may listen at a TCP port: from 1024 on, and 80 and 443. */
export function isPeerPort(port: number): boolean {
  return isNodePort(port) || WEB_PORTS.includes(port);
}

/** Whether a DHT node may be at a UDP port: from 1024 to 65535. */
export function isNodePort(port: number): boolean {
  return Number.isInteger(port) && port >= FIRST_USER_PORT && port <= 65_535;
}
