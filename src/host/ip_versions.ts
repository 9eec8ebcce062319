/**
 * The IP versions (4 or 6) that this machine has, and what does not work without IPv4. With a public
 * IPv6 address, the DHT of IPv6 and its peers are reached; with a local one, only peers that know it
 * can connect.
 *
 * @module
 */

import { isPublic, parseAddress } from "../base/mod.ts";
import type { NetworkJson } from "../control/mod.ts";

/**
 * Returns the IP versions of a machine that has the given addresses.
 *
 * @param addresses IP addresses as text
 * @param allowLocal whether loopback addresses count, as in a test network
 */
export function networkOf(addresses: readonly string[], allowLocal: boolean): NetworkJson {
  const has = (isIpv6: boolean, loopback: RegExp) =>
    addresses.some((one) =>
      one.includes(":") === isIpv6 && (allowLocal || !loopback.test(one)) &&
      // IPv6 link-local addresses (RFC 4291) are not reachable from other networks.
      !/^fe[89ab]/i.test(one)
    );
  const [ipv4, ipv6] = [has(false, /^127\./), has(true, /^::1$/)];
  if (ipv4) return { ipv4, ipv6 };
  if (addresses.some(isPublicIpv6) || allowLocal && addresses.includes("::1")) {
    const lacks =
      "this host has no IPv4 address, so peers and DHT nodes with only IPv4 are not reached";
    return { ipv4, ipv6, lacks };
  }
  const lacks = "this host has no IPv4 address and no public IPv6 address, so the DHT is not " +
    "reached, nothing is announced or found there, and no peer is dialled" +
    (ipv6 ? "; peers that know its IPv6 address are served" : "; it has no IPv6 address at all");
  return { ipv4, ipv6, lacks };
}

function isPublicIpv6(text: string): boolean {
  const address = parseAddress(text);
  return address?.length === 16 && isPublic(address);
}
