/**
 * Requests and answers of the search for UPnP routers (SSDP; UPnP Device Architecture 2.0, section
 * 1.3).
 *
 * @module
 */

import { version } from "../base/mod.ts";
import { parseIpv4 } from "./ipv4.ts";
import { SSDP_GROUP } from "./transport.ts";

/** Devices and services to search for. A router of IGD 2 answers for version 1 too. */
export const SEARCH_TARGETS: readonly string[] = [
  "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
  "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
  "urn:schemas-upnp-org:service:WANIPConnection:1",
  "urn:schemas-upnp-org:service:WANPPPConnection:1",
];
/** Seconds over which devices may spread their answers. */
const MX_SECONDS = 1;
/** Maximum length of an answer, bytes. */
const MAX_ANSWER_BYTES = 4_096;

/** Address of a device's description: an http URL whose host is an IPv4 address. */
export interface Location {
  address: string;
  port: number;
  /** Path with its query. */
  path: string;
}

/** Makes the search request for a target. */
export function searchRequest(target: string): string {
  return [
    "M-SEARCH * HTTP/1.1",
    `HOST: ${SSDP_GROUP.address}:${SSDP_GROUP.port}`,
    'MAN: "ssdp:discover"',
    `MX: ${MX_SECONDS}`,
    `ST: ${target}`,
    `USER-AGENT: libreseed/${version} UPnP/1.1`,
    "\r\n",
  ].join("\r\n");
}

/**
 * Returns the address of a device's description from an answer. Returns `undefined` for a datagram
 * that is no answer of a router, or whose location is not on the sender's own IP address.
 *
 * @param sender IPv4 address of the sender, dotted form
 */
export function parseSearchAnswer(bytes: Uint8Array, sender: string): Location | undefined {
  if (bytes.length > MAX_ANSWER_BYTES) return;
  const [first, ...lines] = String.fromCharCode(...bytes).split("\r\n");
  if (!/^HTTP\/1\.[01] 200(?: |$)/.test(first!)) return;
  const fields = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const target = fields.get("st") ?? "";
  // Some routers answer with another version than the requested one.
  const isRouter = SEARCH_TARGETS.some((one) => withoutVersion(one) === withoutVersion(target));
  const location = isRouter ? parseLocation(fields.get("location") ?? "") : undefined;
  return location?.address === sender ? location : undefined;
}

/**
 * Parses an http URL whose host is an IPv4 address, relative to a base URL if one is given. Returns
 * `undefined` for everything else.
 */
export function parseLocation(text: string, base?: Location): Location | undefined {
  if (text.length > 1_024) return;
  const url = URL.parse(text, base && `http://${base.address}:${base.port}${base.path}`);
  if (!url || url.protocol !== "http:" || url.username !== "" || url.password !== "") return;
  const port = url.port === "" ? 80 : Number(url.port);
  if (!parseIpv4(url.hostname) || port === 0) return;
  return { address: url.hostname, port, path: url.pathname + url.search };
}

function withoutVersion(target: string): string {
  return target.replace(/:\d+$/, "");
}
