/**
 * Keys of peer addresses in maps.
 *
 * @module
 */

import { formatAddress, type HostPort, parseAddress } from "../../base/mod.ts";

/** Returns address and port as one key. An IPv6 address has one key, whatever text named it. */
export function keyOf({ host, port }: HostPort): string {
  const address = host.includes(":") ? parseAddress(host) : undefined;
  return `${address ? formatAddress(address) : host} ${port}`;
}
