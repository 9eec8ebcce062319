/**
 * Which of IPv4 and IPv6 this host has, and what does not work for want of one. The DHT node and dials to
 * peers are IPv4 only; the listener for peers takes both.
 *
 * @module
 */

import type { NetworkJson } from "../control/mod.ts";

/** The parts of an address of the host that count here. */
export type HostAddress = Pick<Deno.NetworkInterfaceInfo, "family" | "address">;

/**
 * Looks at the addresses of the host.
 *
 * @param allowLocal whether loopback counts, as in a test network
 */
export function networkOf(addresses: readonly HostAddress[], allowLocal: boolean): NetworkJson {
  const has = (family: HostAddress["family"], loopback: RegExp) =>
    addresses.some((one) =>
      one.family === family && (allowLocal || !loopback.test(one.address)) &&
      // IPv6's link-local addresses (RFC 4291) reach nobody beyond the line.
      !/^fe[89ab]/i.test(one.address)
    );
  const [ipv4, ipv6] = [has("IPv4", /^127\./), has("IPv6", /^::1$/)];
  if (ipv4) return { ipv4, ipv6 };
  const lacks =
    "this host has no IPv4 address, so the DHT is not reached, nothing is announced or " +
    "found there, and no peer is dialled" +
    (ipv6 ? "; peers that know its IPv6 address are served" : "; it has no IPv6 address either");
  return { ipv4, ipv6, lacks };
}
