/**
 * Status of the port in the router, as data for `status`, the log and the metrics.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import type { ProtocolName } from "./protocol.ts";

/** A port that a router has opened for us. */
export interface PortMapping {
  protocol: ProtocolName;
  /**
   * External IPv4 address of the router, dotted form. The address is private behind a second
   * router. In IPv6, the address to which the router lets peers in: ours, if nobody translates it.
   */
  externalAddress: string;
  /** External TCP port. */
  externalPort: number;
  /** External UDP port; absent if the router maps only TCP. */
  externalUdpPort?: number;
}

/** State of the port in the router. */
export interface PortMappingStatus {
  mapping?: PortMapping;
  /**
   * External address that the router names; absent if it names none. Present also if the router opens
   * no port.
   */
  routerAddress?: string;
  /** Time of the last change of the mapping, or of its loss, Unix milliseconds. */
  sinceMs: number;
  /** Reason why there is no mapping, or why the last check of the mapping failed. */
  error?: { code: string; message: string };
}

/** Converts an error to data. An error of the operating system keeps its code. */
export function errorData(error: unknown): { code: string; message: string } {
  const { code, message } = error as { code?: unknown; message?: string };
  const known = error instanceof LibreseedError || typeof code === "string";
  return { code: known ? String(code) : "UNEXPECTED", message: String(message ?? error) };
}

/** Whether two mappings are the same. */
export function sameMapping(a: PortMapping | undefined, b: PortMapping | undefined): boolean {
  return a?.protocol === b?.protocol && a?.externalAddress === b?.externalAddress &&
    a?.externalPort === b?.externalPort && a?.externalUdpPort === b?.externalUdpPort;
}
