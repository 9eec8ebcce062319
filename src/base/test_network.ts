/**
 * Tells a test network, whose nodes are all on this machine. No packet may leave the machine for it:
 * to no router, no neighbour and no node of the internet.
 *
 * @module
 */

import { isLoopback } from "./address_blocks.ts";
import { parseAddress } from "./ip_address.ts";

/** The settings that make a test network. */
export interface TestNetworkSettings {
  allowLocal: boolean;
  bootstrap: readonly { host: string }[];
}

/** Whether all DHT nodes are on this machine. */
export function isTestNetwork({ allowLocal, bootstrap }: TestNetworkSettings): boolean {
  return allowLocal && bootstrap.every(({ host }) => host === "localhost" || isHere(host));
}

function isHere(host: string): boolean {
  const address = parseAddress(host);
  return address !== undefined && isLoopback(address);
}
