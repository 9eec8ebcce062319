/**
 * Which IPv4 addresses are of a local network, where one machine may stand for many.
 *
 * @module
 */

const LOCAL = /^(?:127|10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))\./;

/** Whether a dotted IPv4 address is of loopback, private (RFC 1918) or link-local (RFC 3927). */
export function isLocalAddress(host: string): boolean {
  return LOCAL.test(host);
}
