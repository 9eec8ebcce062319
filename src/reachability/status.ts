/**
 * Decides from measurements whether peers outside can connect to this machine. What was not
 * measured stays `unknown`.
 *
 * @module
 */

import { type Address, blockOf, isInBlock, isPublic, parseAddress } from "../base/mod.ts";
import type { PortMappingStatus } from "../router/mod.ts";
import type { ExternalAddress } from "./votes.ts";

/**
 * Place of this machine in the internet, as far as it was measured:
 *
 * - `public`: an interface of this machine has the external address.
 * - `mapped`: behind NAT, and the router has opened our port at its external address.
 * - `nat`: behind NAT, and no router has opened our port.
 * - `carrier-nat`: behind a second NAT, such as a provider's. The home router names no address of its
 *   own, or one that is not public or not the external one; or this machine has one that providers
 *   share.
 */
export type Placement = "public" | "mapped" | "nat" | "carrier-nat" | "unknown";

/** Whether peers outside can connect. `yes` was observed; `no` follows from the placement. */
export type Verdict = "yes" | "no" | "unknown";

/** Incoming connections from public addresses since the start or the last change of the network. */
export interface Incoming {
  connections: number;
  /** Time of the last one, Unix milliseconds. */
  lastMs?: number;
}

/** Reachability of this machine over one address family. */
export interface FamilyReachability {
  placement: Placement;
  reachable: Verdict;
  /** The external address by a majority of the nodes and peers that told it. */
  external?: ExternalAddress;
  /** Incoming connections from public addresses. */
  incoming: Incoming;
}

/**
 * Whether the home router lets peers in over IPv6: `open` if it has opened our port or filters
 * nothing, `none` if no router has opened it. A router that was not asked may let everything in, and
 * so may one that opens nothing: servers have no firewall in front of them.
 */
export type Pinhole = "open" | "none";

/** Reachability of this machine over IPv6. */
export interface Ipv6Reachability extends FamilyReachability {
  /** Absent while no router was asked, or none has answered yet. */
  pinhole?: Pinhole;
  /** Our public address that others are told, to which a router has to let the port in. */
  address?: string;
}

/** Reachability of this machine, as data for `status`, `doctor`, the log and the metrics. */
export interface ReachabilityStatus {
  /** `yes` if one family is reachable; `no` if none is, and none is unknown. */
  reachable: Verdict;
  /** TCP and UDP port on which the engine listens. */
  port: number;
  ipv4: FamilyReachability;
  /** Absent if nothing is known of IPv6. */
  ipv6?: Ipv6Reachability;
  /** Incoming connections before the last change of the network; absent if there were none. */
  earlierIncoming?: number;
  /** Address of this machine in its own network, to which a router has to forward the port. */
  localAddress?: string;
  /** External IPv4 address that the router claims, and the port that it has opened there. */
  router?: { address: string; port?: number };
}

/** The measurements. */
export interface Measurements {
  port: number;
  /** Addresses of this machine's interfaces; `undefined` if they are not known. */
  hostAddresses: readonly string[] | undefined;
  external4: ExternalAddress | undefined;
  external6: ExternalAddress | undefined;
  /** The lasting address of IPv6 from which the engine sends; absent if the system chooses. */
  stableIpv6?: string;
  incoming4: Incoming;
  incoming6: Incoming;
  /** Incoming connections before the last change of the network. Default 0. */
  earlierIncoming?: number;
  portMapping: PortMappingStatus | undefined;
  /** Status of our port in the router's firewall for IPv6. */
  pinhole: PortMappingStatus | undefined;
}

/** Addresses that providers share among customers (RFC 6598). */
const CARRIER = blockOf("100.64.0.0/10");

/** Derives the reachability from the measurements. */
export function reachabilityOf(measured: Measurements): ReachabilityStatus {
  const { earlierIncoming = 0 } = measured;
  const { port, hostAddresses, portMapping, incoming4, incoming6, external4 } = measured;
  const own = (hostAddresses ?? []).map((text) => ({ text, address: parseAddress(text) }))
    .filter((one): one is { text: string; address: Address } => one.address !== undefined);
  const own4 = own.filter(({ address }) => address.length === 4);
  const own6 = own.filter(({ address }) => address.length === 16);
  const address = portMapping?.routerAddress;
  const externalPort = portMapping?.mapping?.externalPort;
  const ipv4 = familyOf(placementOfIpv4(measured, own4), external4, incoming4);
  const ipv6 = ipv6Of(measured, own6);
  const knowsIpv6 = ipv6.placement !== "unknown" || incoming6.connections > 0;
  const verdicts = knowsIpv6 ? [ipv4.reachable, ipv6.reachable] : [ipv4.reachable];
  const local = own4.find(({ address }) => isNatted(address))?.text;
  return {
    reachable: verdicts.includes("yes") ? "yes" : verdicts.includes("unknown") ? "unknown" : "no",
    port,
    ipv4,
    ...(earlierIncoming > 0 && { earlierIncoming }),
    ...(knowsIpv6 && { ipv6 }),
    ...(local !== undefined && { localAddress: local }),
    ...(address !== undefined &&
      { router: { address, ...(externalPort !== undefined && { port: externalPort }) } }),
  };
}

/**
 * Whether this machine has IPv6, and no address of IPv4 that leads anywhere. Nobody then votes on an
 * external address of IPv4, so waiting does not help.
 */
export function lacksIpv4({ ipv4, ipv6, localAddress }: ReachabilityStatus): boolean {
  return ipv4.placement === "unknown" && !ipv4.external && localAddress === undefined &&
    ipv6 !== undefined && ipv6.placement !== "unknown";
}

/** Whether two statuses have the same finding. Counts and times may differ. */
export function isSameReachability(a: ReachabilityStatus, b: ReachabilityStatus): boolean {
  return findingOf(a) === findingOf(b);
}

function findingOf({ ipv4, ipv6, router, localAddress }: ReachabilityStatus): string {
  const family = (one?: Ipv6Reachability) =>
    one && [
      ...[one.placement, one.reachable, one.external?.address, one.external?.portVaries],
      ...[one.pinhole, one.address],
    ];
  return JSON.stringify([family(ipv4), family(ipv6), router, localAddress]);
}

function familyOf(
  placement: Placement,
  external: ExternalAddress | undefined,
  incoming: Incoming,
): FamilyReachability {
  const isClosed = placement === "nat" || placement === "carrier-nat";
  const reachable = incoming.connections > 0 ? "yes" : isClosed ? "no" : "unknown";
  return { placement, reachable, ...(external && { external }), incoming };
}

function ipv6Of(
  { external6, stableIpv6, incoming6, pinhole: { mapping, error } = { sinceMs: 0 } }: Measurements,
  own: Own,
): Ipv6Reachability {
  const family = familyOf(placementOf(own, external6), external6, incoming6);
  // A dead gate says nothing of the router.
  const isAsked = error !== undefined && error.code !== "GATE_DIED";
  const pinhole = mapping ? "open" : isAsked ? "none" : undefined;
  const address = stableIpv6 ?? external6?.address ??
    own.find(({ address }) => isPublic(address))?.text;
  return {
    ...family,
    ...(pinhole !== undefined && { pinhole }),
    ...(address !== undefined && { address }),
  };
}

type Own = readonly { text: string; address: Address }[];

/** Returns the placement by interfaces and votes alone. */
function placementOf(own: Own, external: ExternalAddress | undefined): Placement {
  if (external && own.length > 0) {
    return own.some(({ text }) => text === external.address) ? "public" : "nat";
  }
  return own.some(({ address }) => isPublic(address)) ? "public" : "unknown";
}

function placementOfIpv4(
  { external4: external, portMapping }: Measurements,
  own: Own,
): Placement {
  const byInterfaces = placementOf(own, external);
  if (byInterfaces === "public") return "public";
  const { mapping, routerAddress, error } = portMapping ?? {};
  const isNat = byInterfaces === "nat" ||
    own.some(({ address }) => isNatted(address)) && own.every(({ address }) => !isPublic(address));
  if (routerAddress !== undefined) {
    const router = parseAddress(routerAddress);
    const isOutermost = external
      ? external.address === routerAddress
      : router !== undefined && isPublic(router);
    if (!isOutermost) return "carrier-nat";
    if (mapping) return "mapped";
  }
  // Some routers name no address instead of one that is not public. This one is online, since others
  // see us.
  if (error?.code === "ROUTER_OFFLINE" && external) return "carrier-nat";
  if (own.some(({ address }) => isInBlock(CARRIER, address)) && isNat) return "carrier-nat";
  // While the router has not answered yet, it may still open the port.
  if (portMapping && !error) return "unknown";
  return isNat && external ? "nat" : "unknown";
}

/** Whether a machine with this address reaches the internet through NAT only. */
function isNatted(address: Address): boolean {
  const [first] = address;
  // 127.0.0.0/8 and 169.254.0.0/16 lead nowhere.
  return address.length === 4 && first !== 127 && first !== 169 && !isPublic(address);
}

/** Whether an address is one that a provider shares among customers (100.64.0.0/10). */
export function isCarrierAddress(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && isInBlock(CARRIER, address);
}
