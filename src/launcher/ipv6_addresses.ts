/**
 * Tells the lasting addresses of IPv6 from the temporary ones (RFC 8981), with the program `ip`. A
 * system takes a new temporary address each day and sends from it, so nobody finds us at it for
 * long. Deno's list of interfaces does not tell the two kinds apart.
 *
 * @module
 */

import { isPublic, parseAddress } from "../base/mod.ts";
import { PUBLIC_IPV6_ADDRESS, runIp } from "./gateway.ts";

/** The addresses of IPv6 of this machine, as far as `ip` tells. */
export interface Ipv6Addresses {
  /**
   * The lasting public address by which others should know us; `undefined` if there is none, or `ip`
   * is not installed.
   */
  stable: string | undefined;
  temporary: ReadonlySet<string>;
  /**
   * Whether the system still checks that no other machine has one of the addresses (tentative, RFC 4862).
   * Until then, the address cannot be used.
   */
  isTentative: boolean;
}

/** An address in the output of `ip addr`. */
interface Listed {
  device: string;
  address: string;
  isTemporary: boolean;
  /** Whether the system should begin nothing new from the address, because its prefix ends. */
  isDeprecated: boolean;
  isTentative: boolean;
}

/** Length of the text of the first half of an address (/64), in hexadecimal digits. */
const NETWORK_DIGITS = 16;

/** Looks at the addresses of IPv6 and at the route to the internet. */
export async function examineIpv6(): Promise<Ipv6Addresses> {
  const [route, addresses] = await Promise.all([
    runIp(["-6", "route", "get", PUBLIC_IPV6_ADDRESS]),
    runIp(["-6", "-oneline", "addr", "show", "scope", "global"]),
  ]);
  return parseIpv6(route ?? "", addresses ?? "");
}

/**
 * Chooses the lasting address among those of the interface by which packets leave: the one from which
 * the system sends, else one of the same /64 network, else any.
 *
 * @param route output of `ip -6 route get`
 * @param addresses output of `ip -6 -oneline addr show scope global`
 */
export function parseIpv6(route: string, addresses: string): Ipv6Addresses {
  const [, device, source] = /\bdev (\S+)(?: .*)? src ([\da-f:]+)/.exec(route) ?? [];
  const all = parseAddresses(addresses);
  const usable = all.filter((one) =>
    one.device === device && !one.isTemporary && !one.isDeprecated && !one.isTentative &&
    isPublic(parseAddress(one.address)!)
  );
  const near = usable.find(({ address }) => networkOf(address) === networkOf(source!));
  const chosen = usable.find(({ address }) => address === source) ?? near ?? usable[0];
  return {
    stable: chosen?.address,
    temporary: new Set(all.filter((one) => one.isTemporary).map(({ address }) => address)),
    isTentative: all.some((one) => one.isTentative),
  };
}

function parseAddresses(text: string): Listed[] {
  const lines = text.matchAll(
    /^\d+: (\S+)\s+inet6 ([\da-f:]+)(?: peer \S+|\/\d+)* scope global([a-z\d -]*)/gm,
  );
  return [...lines].flatMap(([, device, address, rest]) => {
    if (!parseAddress(address!)) return [];
    const flags = rest!.trim().split(/ +/);
    return [{
      device: device!,
      address: address!,
      isTemporary: flags.includes("temporary"),
      isDeprecated: flags.includes("deprecated"),
      isTentative: flags.includes("tentative"),
    }];
  });
}

function networkOf(address: string): string | undefined {
  return parseAddress(address)?.toHex().slice(0, NETWORK_DIGITS);
}
