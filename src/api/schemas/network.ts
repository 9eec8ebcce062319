/**
 * Schemas of the parts of a status that tell of the network.
 *
 * @module
 */

import * as v from "valibot";
import { count, failure, hex20, timeMs } from "./values.ts";

export const dhtState = v.union([
  v.object({
    state: v.literal("on"),
    silent: v.optional(v.literal(true)),
    alone: v.optional(v.literal(true)),
  }),
  v.object({ state: v.literal("starting") }),
  v.object({
    state: v.literal("off"),
    why: v.string(),
    byChoice: v.optional(v.literal(true)),
  }),
]);

export const traffic = v.object({
  packetsIn: count,
  bytesIn: count,
  packetsOut: count,
  bytesOut: count,
  malformed: count,
  limited: count,
  unasked: count,
  unsent: count,
});

export const family = v.object({ state: dhtState, nodeIdHex: hex20, nodes: count, traffic });

export const utp = v.object({
  packetsIn: count,
  bytesIn: count,
  packetsOut: count,
  bytesOut: count,
  connections: count,
  halfOpen: count,
  accepted: count,
  dialled: count,
  keptBytes: count,
  flightBytes: count,
});

export const manager = v.object({
  gets: count,
  getsAnswered: count,
  puts: count,
  putsStrong: count,
  peerSearches: count,
  peerSearchesFound: count,
  peersFound: count,
  roundTripMs: v.optional(v.number()),
});

const addresses = {
  name: v.string(),
  interface: v.string(),
  ipv4: v.optional(v.string()),
  ipv6: v.optional(v.string()),
};

export const binding = v.union([
  v.object({ ...addresses, state: v.literal("bound") }),
  v.object({ ...addresses, state: v.picklist(["lost", "moved"]), why: v.string() }),
]);

export const gate = v.object({
  state: v.picklist(["running", "dead"]),
  deaths: count,
  lastDeathMs: timeMs,
  why: v.string(),
});

export const portMapping = v.object({
  mapping: v.optional(v.object({
    protocol: v.picklist(["PCP", "NAT-PMP", "UPnP"]),
    externalAddress: v.string(),
    externalPort: count,
    externalUdpPort: v.optional(count),
  })),
  routerAddress: v.optional(v.string()),
  sinceMs: timeMs,
  error: v.optional(failure),
});

const verdict = v.picklist(["yes", "no", "unknown"]);

const reachableFamily = {
  placement: v.picklist(["public", "mapped", "nat", "carrier-nat", "unknown"]),
  reachable: verdict,
  external: v.optional(v.object({
    address: v.string(),
    votes: count,
    of: count,
    portVaries: v.optional(v.literal(true)),
  })),
  incoming: v.object({ connections: count, lastMs: v.optional(timeMs) }),
};

export const reachability = v.object({
  reachable: verdict,
  port: count,
  ipv4: v.object(reachableFamily),
  ipv6: v.optional(v.object({
    ...reachableFamily,
    pinhole: v.optional(v.picklist(["open", "none"])),
    address: v.optional(v.string()),
  })),
  earlierIncoming: v.optional(count),
  localAddress: v.optional(v.string()),
  router: v.optional(v.object({ address: v.string(), port: v.optional(count) })),
});

export const lan = v.object({
  neighbours: v.array(v.object({ host: v.string(), port: count, heardMs: timeMs })),
  error: v.optional(failure),
});
