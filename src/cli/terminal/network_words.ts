/**
 * Describes the parts of the daemon's status that tell of the network, each in the words of one row.
 *
 * @module
 */

import { describeBinding, formatCount, formatHostPort } from "../../base/mod.ts";
import { type FamilyStatus, NO_NODE_KNOWN, type StatusJson } from "../../control/mod.ts";
import { describeReachability } from "../../reachability/mod.ts";

/** Maximum number of neighbours that are named. */
const MAX_NEIGHBOURS = 3;

/** Counts the peers, by transport. */
export function describePeers({ peersConnected, peersByUtp, peersKnown }: StatusJson): string {
  return `${peersConnected} connected (${
    peersConnected - peersByUtp
  } by TCP, ${peersByUtp} by uTP), ` +
    `${peersKnown} known`;
}

/** Describes the state of the DHT. */
export function describeDht(dht: StatusJson["dht"]): string {
  if (dht.state === "off") return `off (${dht.why})`;
  if (dht.state !== "on" || !dht.silent) return dht.state;
  return dht.alone ? `on, but ${NO_NODE_KNOWN}` : "on, but no node answers";
}

/** Describes the addresses to which the sockets are bound. */
export function describeBound(binding: NonNullable<StatusJson["binding"]>): string {
  const trouble = binding.state === "bound" ? "" : ` (unusable: ${binding.why})`;
  return describeBinding(binding) + trouble;
}

/** Describes a gate that has died. */
export function describeGate({ state, deaths, why }: NonNullable<StatusJson["gate"]>): string {
  const times = deaths === 1 ? "once" : `${deaths} times`;
  return `${state}; it has died ${times} (${why})`;
}

/** Describes a port in the router or in its firewall. */
export function describePort({ mapping, error }: NonNullable<StatusJson["portMapping"]>): string {
  const trouble = error ? ` (${error.message})` : "";
  if (!mapping) return error ? `no port opened${trouble}` : "no answer yet";
  const { externalAddress, externalPort, protocol } = mapping;
  const place = formatHostPort({ host: externalAddress, port: externalPort });
  return `opened ${place} by ${protocol}${trouble}`;
}

/** Says whether peers outside can connect. */
export function describeReachable(reachability: StatusJson["reachability"]): string {
  const { what, mend } = describeReachability(reachability);
  return `${reachability.reachable}: ${what}${mend === undefined ? "" : `; ${mend}`}`;
}

/** Describes the neighbours, of which at most {@linkcode MAX_NEIGHBOURS} are named. */
export function describeLan({ neighbours, error }: NonNullable<StatusJson["lan"]>): string {
  if (error) return `not searched now (${error.message})`;
  if (neighbours.length === 0) return "no neighbour with the same packages";
  const named = neighbours.slice(0, MAX_NEIGHBOURS).map(formatHostPort).join(", ");
  const rest = neighbours.length > MAX_NEIGHBOURS ? ", …" : "";
  return `${formatCount(neighbours.length, "neighbour")}: ${named}${rest}`;
}

/** Describes the DHT node of IPv6. */
export function describeNode6({ state, nodeIdHex, nodes }: FamilyStatus): string {
  if (state.state === "off") return `off: ${state.why}`;
  return `${nodeIdHex}, ${nodes} nodes in its table`;
}
