/**
 * Finds the services that map ports or open pinholes, and their control addresses, in the description of a UPnP
 * device (UPnP Device Architecture 2.0, section 2.3).
 *
 * @module
 */

import type { Family } from "../base/mod.ts";
import { type Location, parseLocation } from "./ssdp.ts";
import { childOf, textOf, type XmlElement } from "./xml.ts";

/** Types of services that map ports (IPv4) or open pinholes (IPv6), the best first. */
const SERVICE_TYPES: Record<Family, readonly string[]> = {
  4: [
    "urn:schemas-upnp-org:service:WANIPConnection:2",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANPPPConnection:1",
  ],
  6: ["urn:schemas-upnp-org:service:WANIPv6FirewallControl:1"],
};
/** Maximum number of services to try. A router has one service for each line to the internet. */
const MAX_SERVICES = 8;

/** A service that maps ports or opens pinholes. */
export interface WanService {
  /** One of {@linkcode SERVICE_TYPES}. */
  type: string;
  /** Control address of the service, on the same IP address as the description. */
  control: Location;
}

/**
 * Returns the services of a description that map ports, or open pinholes, the best first. Leaves out
 * services whose control address is not on the IP address of the description.
 */
export function findServices(
  root: XmlElement,
  description: Location,
  family: Family = 4,
): WanService[] {
  const types = SERVICE_TYPES[family];
  // In UPnP 1.0, a description may name a base for its URLs.
  const urlBase = textOf(root, "URLBase");
  const base = urlBase ? parseLocation(urlBase, description) : description;
  const found: WanService[] = [];
  const visit = (device: XmlElement | undefined) => {
    for (const service of childOf(device ?? root, "serviceList")?.children ?? []) {
      const type = textOf(service, "serviceType") ?? "";
      const url = textOf(service, "controlURL");
      const control = base && url ? parseLocation(url, base) : undefined;
      const isOwn = control?.address === description.address;
      if (control && isOwn && types.includes(type)) found.push({ type, control });
    }
    for (const inner of childOf(device ?? root, "deviceList")?.children ?? []) visit(inner);
  };
  visit(childOf(root, "device"));
  return found
    .sort((a, b) => types.indexOf(a.type) - types.indexOf(b.type))
    .slice(0, MAX_SERVICES);
}
