/**
 * Says in words whether peers outside can connect to this machine, and what to do if they cannot.
 *
 * @module
 */

import {
  type FamilyReachability,
  type Ipv6Reachability,
  isCarrierAddress,
  lacksIpv4,
  type Pinhole,
  type ReachabilityStatus,
} from "./status.ts";

/** A finding, and what to do about it. */
export interface ReachabilityWords {
  what: string;
  /** Absent if there is nothing to do. */
  mend?: string;
}

/** Describes the reachability. The words change only if the finding does, never by a count. */
export function describeReachability(status: ReachabilityStatus): ReachabilityWords {
  const { ipv4, ipv6, port, reachable } = status;
  const what = [
    lacksIpv4(status)
      ? "this machine has no IPv4 address"
      : `${describePlacement(status)}; ${describeIncoming(ipv4)}`,
    ...(ipv6 ? [`IPv6: ${describeIpv6(ipv6, port)}; ${describeIncoming(ipv6)}`] : []),
  ].join(". ");
  const mend = reachable === "yes" ? undefined : adviceFor(status);
  return { what, ...(mend !== undefined && { mend }) };
}

function describePlacement(status: ReachabilityStatus): string {
  const { ipv4, router, port } = status;
  const { placement, external } = ipv4;
  const seenAs = external
    ? ` (${external.address} by ${external.votes} of ${external.of} networks)`
    : "";
  switch (placement) {
    case "public":
      return `this machine has a public address${seenAs}`;
    case "mapped":
      return `behind NAT${seenAs}, and the router has opened ${router!.address}:${router!.port}`;
    case "nat":
      return `behind NAT${seenAs}, and no router has opened port ${port}${describePorts(ipv4)}`;
    case "carrier-nat":
      return `behind a second NAT${seenAs}${describeRouter(status)}${describePorts(ipv4)}`;
    case "unknown":
      return external
        ? `the external address is ${external.address}, but it is not known whether it leads here`
        : "too few nodes and peers have told the external address of this machine yet";
  }
}

function describePorts({ external }: FamilyReachability): string {
  return external?.portVaries
    ? "; a router takes another port for each destination (symmetric NAT), so peers behind routers " +
      "cannot be introduced to this machine"
    : "";
}

function describeRouter({ router, localAddress }: ReachabilityStatus): string {
  const address = router?.address;
  if (address === undefined) {
    return localAddress !== undefined && isCarrierAddress(localAddress)
      ? ": the address of this machine is one that a provider shares among customers"
      : ": the home router has no public address of its own";
  }
  const kind = isCarrierAddress(address) ? ", which a provider shares among customers" : "";
  return `: the home router's own address is ${address}${kind}`;
}

function describeIpv6({ placement, external, address, pinhole }: Ipv6Reachability, port: number) {
  const seenAs = external ? ` (${external.address})` : "";
  switch (placement) {
    case "public":
      return `this machine has a public address (${address})${describePinhole(pinhole, port)}`;
    case "nat":
      return `behind NAT${seenAs}${describePinhole(pinhole, port)}`;
    default:
      return "external address unknown";
  }
}

function describePinhole(pinhole: Pinhole | undefined, port: number): string {
  if (pinhole === undefined) return "";
  return pinhole === "open"
    ? `, and the router lets port ${port} in`
    : `, and no router has opened a pinhole for port ${port}; most home routers keep IPv6 out`;
}

function describeIncoming({ incoming }: FamilyReachability): string {
  return incoming.connections > 0
    ? "peers outside have connected"
    : "no peer outside has connected yet";
}

function adviceFor(status: ReachabilityStatus): string | undefined {
  const advice = [adviceForIpv4(status), adviceForIpv6(status)].filter((one) => one !== undefined);
  return advice.length > 0 ? advice.join("; ") : undefined;
}

function adviceForIpv6({ ipv6, port }: ReachabilityStatus): string | undefined {
  if (ipv6?.placement !== "public" || ipv6.pinhole !== "none") return undefined;
  return `let TCP and UDP port ${port} of ${ipv6.address} in at the router's firewall for IPv6`;
}

function adviceForIpv4({ ipv4, port, localAddress }: ReachabilityStatus): string | undefined {
  switch (ipv4.placement) {
    case "nat":
      return `forward TCP and UDP port ${port} to ${localAddress ?? "this machine"} in the router`;
    case "carrier-nat":
      return "no port can be forwarded through a provider's NAT: use IPv6, seed from a machine " +
        "outside, or ask the provider for a public address";
    default:
      return undefined;
  }
}
