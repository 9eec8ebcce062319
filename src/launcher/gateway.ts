/**
 * Finds the default gateways of IPv4 and IPv6 and our own address towards them, and the interface by
 * which packets from an address leave, with the program `ip` (iproute2). `/proc/net/route` is no
 * alternative, because Deno allows reading it only to programs with all permissions.
 *
 * @module
 */

import { blockOf, formatAddress, isInBlock, isLocal, isPublic, parseAddress } from "../base/mod.ts";

/** Paths at which `ip` may be installed. PATH is not searched, as for `ss`. */
const IP = ["/usr/sbin/ip", "/usr/bin/ip", "/sbin/ip", "/bin/ip"];
/**
 * Public addresses of a root name server. `ip` looks up the route to this address, and sends
 * nothing. A list of routes would not tell which route a VPN or a routing rule selects.
 */
const PUBLIC_ADDRESS = "198.41.0.4";
export const PUBLIC_IPV6_ADDRESS = "2001:503:ba3e::2:30";
const LINK_LOCAL = blockOf("fe80::/10");
const DOTTED = "\\d{1,3}(?:\\.\\d{1,3}){3}";

/** A default gateway. */
export interface DefaultGateway {
  /** Its address; a link-local one of IPv6 with its zone (`fe80::1%eth0`). */
  address: string;
  /** Address from which this machine sends to the gateway. */
  localAddress: string;
}

/** Finds the default gateway. Returns `undefined` if there is none, or `ip` is not installed. */
export async function findGateway(): Promise<DefaultGateway | undefined> {
  const route = await runIp(["-4", "route", "get", PUBLIC_ADDRESS]);
  return route === undefined ? undefined : parseRoute(route);
}

/**
 * Finds the default gateway of IPv6, if our address towards it is public and its own is link-local or
 * unique local, as that of a home router. Returns `undefined` if there is none, or `ip` is not
 * installed.
 */
export async function findGatewayIpv6(): Promise<DefaultGateway | undefined> {
  return parseRouteIpv6(await runIp(["-6", "route", "get", PUBLIC_IPV6_ADDRESS]) ?? "");
}

/**
 * Finds the interface by which packets from one of our addresses leave for the internet. Returns
 * `undefined` if they do not leave, or `ip` is not installed.
 */
export async function findExit(address: string): Promise<string | undefined> {
  const [family, to] = address.includes(":") ? ["-6", PUBLIC_IPV6_ADDRESS] : ["-4", PUBLIC_ADDRESS];
  return parseExit(await runIp([family, "route", "get", to, "from", address]) ?? "");
}

/** Runs `ip`, and returns what it prints; `undefined` if it is not installed. */
export async function runIp(args: string[]): Promise<string | undefined> {
  for (const program of IP) {
    try {
      const { stdout } = await new Deno.Command(program, { args, stdin: "null", stderr: "null" })
        .output();
      return new TextDecoder().decode(stdout);
    } catch {
      // `ip` is not installed at this path, so the next path is tried.
    }
  }
  return undefined;
}

/**
 * Parses the interface in the output of `ip route get … from …`. Kinds of routes that send nothing,
 * such as `unreachable`, begin the line with their name.
 */
export function parseExit(text: string): string | undefined {
  return /^[\d.a-f:]+ (?:.* )?dev (\S+)/m.exec(text)?.[1];
}

/** Parses `ADDRESS via GATEWAY dev NAME src OURS` in the output of `ip route get`. */
export function parseRoute(text: string): DefaultGateway | undefined {
  const [, address, localAddress] =
    new RegExp(`^${DOTTED} via (${DOTTED}) dev \\S+(?: table \\S+)? src (${DOTTED})(?: |$)`, "m")
      .exec(text) ?? [];
  return address && localAddress ? { address, localAddress } : undefined;
}

/** Parses `ADDRESS … via GATEWAY dev NAME … src OURS` in the output of `ip -6 route get`. */
export function parseRouteIpv6(text: string): DefaultGateway | undefined {
  const [, via = "", zone, localAddress = ""] =
    /^[\da-f:]+ (?:.* )?via ([\da-f:]+) dev (\S+) (?:.* )?src ([\da-f:]+)(?: |$)/m.exec(text) ?? [];
  const [router, ours] = [parseAddress(via), parseAddress(localAddress)];
  if (!router || !ours || !isPublic(ours)) return undefined;
  const isLinkLocal = isInBlock(LINK_LOCAL, router);
  if (!isLinkLocal && !isLocal(router)) return undefined;
  return {
    address: isLinkLocal ? `${formatAddress(router)}%${zone}` : formatAddress(router),
    localAddress: formatAddress(ours),
  };
}
