/**
 * The IP versions (4 or 6) that this machine has, and the features that do not work without IPv4. The DHT
 * node and outgoing peer connections use IPv4 only. Incoming peer connections work with both versions.
 *
 * @module
 */

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
  const lacks =
    "this host has no IPv4 address, so the DHT is not reached, nothing is announced or " +
    "found there, and no peer is dialled" +
    (ipv6 ? "; peers that know its IPv6 address are served" : "; it has no IPv6 address either");
  return { ipv4, ipv6, lacks };
}
