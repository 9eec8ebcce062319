/**
 * The DHT packets of a host, of both address families.
 *
 * @module
 */

import type { StatusJson } from "../../control/mod.ts";

/** Returns the packets of both DHT families since the start. */
export function packetsOf(
  { traffic, dht6 }: Pick<StatusJson, "traffic" | "dht6">,
): { packetsIn: number; packetsOut: number } {
  return {
    packetsIn: (traffic?.packetsIn ?? 0) + (dht6?.traffic.packetsIn ?? 0),
    packetsOut: (traffic?.packetsOut ?? 0) + (dht6?.traffic.packetsOut ?? 0),
  };
}
