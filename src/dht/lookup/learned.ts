/**
 * Estimates and caches that lookups leave for later ones. IPv4 and IPv6 have separate DHTs (BEP 32),
 * so each has its own.
 *
 * @module
 */

import type { Clock, Family } from "../../base/mod.ts";
import { ClosestNodesCache } from "./closest_nodes_cache.ts";
import { DistanceEstimate } from "./distance_estimate.ts";
import { RttEstimator } from "./rtt_estimator.ts";

/** Estimates and caches of the lookups in the DHT of one address family. */
export class Learned {
  readonly rtt = new RttEstimator();
  readonly distances = new DistanceEstimate();
  readonly closestNodes: ClosestNodesCache;

  constructor(clock: Clock, family: Family) {
    this.closestNodes = new ClosestNodesCache(clock, family);
  }
}
