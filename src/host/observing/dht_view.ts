/**
 * The operation `dht`: the routing tables of the DHT nodes, and their packets by kind.
 *
 * @module
 */

import type { DhtJson } from "../../control/mod.ts";
import type { ObservedHost } from "./parts.ts";

/** Describes the DHT nodes of a host. */
export async function describeDht({ worker }: Pick<ObservedHost, "worker">): Promise<DhtJson> {
  const { families, roundTripMs } = await worker.dhtDetails();
  return {
    families: families.map(({ nodeIdHex: nodeId, ...family }) => ({ ...family, nodeId })),
    ...(roundTripMs !== undefined && { roundTripMs }),
  };
}
