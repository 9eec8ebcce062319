/**
 * The description of a UPnP device: finds the services that map ports, and where they are
 * controlled (UPnP Device Architecture 2.0, section 2.3).
 *
 * @module
 */

import { type Location, parseLocation } from "./ssdp.ts";
import { childOf, textOf, type XmlElement } from "./xml.ts";

/** Services that map ports, the best first. */
const SERVICE_TYPES: readonly string[] = [
  "urn:schemas-upnp-org:service:WANIPConnection:2",
  "urn:schemas-upnp-org:service:WANIPConnection:1",
  "urn:schemas-upnp-org:service:WANPPPConnection:1",
];
/** Maximum number of services that are tried; a router has one for each line to the internet. */
const MAX_SERVICES = 8;

/** A service that maps ports. */
export interface WanService {
  /** One of {@linkcode SERVICE_TYPES}. */
  type: string;
  /** Where the service is controlled; on the same address as the description. */
  control: Location;
}

/**
 * Returns the services of a description that map ports, the best first. Services that are not
 * controlled on the router's own address are left out.
 */
export function findServices(root: XmlElement, description: Location): WanService[] {
  // UPnP 1.0 lets a description name the base of its URLs.
  const urlBase = textOf(root, "URLBase");
  const base = urlBase ? parseLocation(urlBase, description) : description;
  const found: WanService[] = [];
  const visit = (device: XmlElement | undefined) => {
    for (const service of childOf(device ?? root, "serviceList")?.children ?? []) {
      const type = textOf(service, "serviceType") ?? "";
      const url = textOf(service, "controlURL");
      const control = base && url ? parseLocation(url, base) : undefined;
      const isOwn = control?.address === description.address;
      if (control && isOwn && SERVICE_TYPES.includes(type)) found.push({ type, control });
    }
    for (const inner of childOf(device ?? root, "deviceList")?.children ?? []) visit(inner);
  };
  visit(childOf(root, "device"));
  return found
    .sort((a, b) => SERVICE_TYPES.indexOf(a.type) - SERVICE_TYPES.indexOf(b.type))
    .slice(0, MAX_SERVICES);
}
