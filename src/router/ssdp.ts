/**
 * Requests and answers of the search for UPnP routers (SSDP; UPnP Device Architecture 2.0, section
 * 1.3).
 *
 * @module
 */

import {
  type Family,
  formatAddress,
  formatHostPort,
  isPublic,
  machineOf,
  parseAddress,
  version,
  withoutZone,
} from "../base/mod.ts";
import { familyOf, type Gateway, SSDP_GROUP, SSDP_GROUP_IPV6 } from "./transport.ts";

/** Devices and services to search for, by family. A router of IGD 2 answers for version 1 too. */
export const SEARCH_TARGETS: Record<Family, readonly string[]> = {
  4: [
    "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
    "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANPPPConnection:1",
  ],
  6: [
    "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
    "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1",
  ],
};
const ALL_TARGETS = Object.values(SEARCH_TARGETS).flat().map(withoutVersion);
/** Seconds over which devices may spread their answers. */
const MX_SECONDS = 1;
/** Maximum length of an answer, bytes. */
const MAX_ANSWER_BYTES = 4_096;

/** Address of a device's description: an http URL whose host is an IP address without a zone. */
export interface Location {
  address: string;
  port: number;
  /** Path with its query. */
  path: string;
}

/** Makes the search request for a target. */
export function searchRequest(target: string, family: Family): string {
  const host = family === 4 ? SSDP_GROUP.address : SSDP_GROUP_IPV6;
  return [
    "M-SEARCH * HTTP/1.1",
    `HOST: ${formatHostPort({ host, port: SSDP_GROUP.port })}`,
    'MAN: "ssdp:discover"',
    `MX: ${MX_SECONDS}`,
    `ST: ${target}`,
    `USER-AGENT: libreseed/${version} UPnP/1.1`,
    "\r\n",
  ].join("\r\n");
}

/**
 * Returns the address of a device's description from an answer. Returns `undefined` for a datagram
 * that is no answer of a router, or whose location is not on the sender's own IP address. Only a
 * gateway of IPv6, which answers from a link-local address, may name another one: a public address
 * of our own network (/64), because a connection from our public address has to lead there.
 *
 * @param sender IP address of the sender, without a zone
 */
export function parseSearchAnswer(
  bytes: Uint8Array,
  sender: string,
  gateway?: Gateway,
): Location | undefined {
  if (bytes.length > MAX_ANSWER_BYTES) return;
  const [first, ...lines] = String.fromCharCode(...bytes).split("\r\n");
  if (!/^HTTP\/1\.[01] 200(?: |$)/.test(first!)) return;
  const fields = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const target = fields.get("st") ?? "";
  // Some routers answer with another version than the requested one.
  const isRouter = ALL_TARGETS.includes(withoutVersion(target));
  const location = isRouter ? parseLocation(fields.get("location") ?? "") : undefined;
  if (!location) return;
  if (!gateway || familyOf(gateway) === 4) {
    return location.address === sender ? location : undefined;
  }
  const isNamed = sender === withoutZone(gateway.address) || sender === location.address;
  return isNamed && isOurNetwork(location.address, gateway.localAddress!) ? location : undefined;
}

/** Whether an address is a public one of IPv6 in the same /64 as ours. */
function isOurNetwork(address: string, ours: string): boolean {
  return isPublic(parseAddress(address)!) && machineOf(address) === machineOf(ours);
}

/**
 * Parses an http URL whose host is an IP address, relative to a base URL if one is given. Returns
 * `undefined` for everything else.
 */
export function parseLocation(text: string, base?: Location): Location | undefined {
  if (text.length > 1_024) return;
  const host = base && formatHostPort({ host: base.address, port: base.port });
  const url = URL.parse(text, base && `http://${host}${base.path}`);
  if (!url || url.protocol !== "http:" || url.username !== "" || url.password !== "") return;
  const port = url.port === "" ? 80 : Number(url.port);
  const address = parseAddress(url.hostname.replace(/^\[(.*)\]$/, "$1"));
  if (!address || port === 0) return;
  return { address: formatAddress(address), port, path: url.pathname + url.search };
}

function withoutVersion(target: string): string {
  return target.replace(/:\d+$/, "");
}
