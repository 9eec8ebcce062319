/**
 * Classifies IPv4 addresses as local or public, and decides which ports libreseed may contact.
 * Peers and DHT nodes are named by strangers, so ports of system services must be refused.
 *
 * @module
 */

const LOCAL = /^(?:127|10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))\./;
/** Lowest port that is not reserved for system services (RFC 6335, section 6). */
const FIRST_USER_PORT = 1_024;
/** Ports of HTTP and HTTPS. Some peers listen there, because firewalls let these ports through. */
const WEB_PORTS = [80, 443];

/**
 * Whether an IPv4 address in dotted form is loopback, private (RFC 1918) or link-local (RFC 3927).
 */
export function isLocalAddress(host: string): boolean {
  return LOCAL.test(host);
}

/** Whether libreseed may contact a peer at this TCP port: 80, 443, or 1024 to 65535. */
export function isPeerPort(port: number): boolean {
  return isNodePort(port) || WEB_PORTS.includes(port);
}

/** Whether libreseed may contact a DHT node at this UDP port: 1024 to 65535. */
export function isNodePort(port: number): boolean {
  return Number.isInteger(port) && port >= FIRST_USER_PORT && port <= 65_535;
}
