/**
 * Finds out whether peers outside can connect to this machine.
 *
 * - `votes.ts` finds the external address by a majority of the nodes and peers that tell it.
 * - `status.ts` derives the verdict from the votes, the interfaces, the router and the incoming
 *   connections; `words.ts` says it.
 * - `node_id.ts` makes and checks DHT node ids that fit an external address (BEP 42).
 *
 * All of it is pure: the measuring is left to the engine, the router and the launcher, and the
 * reactions to `src/worker`. Start reading in `status.ts`.
 *
 * @module
 */

export { fitsAddress, makeNodeId } from "./node_id.ts";
export {
  type FamilyReachability,
  type Incoming,
  type Ipv6Reachability,
  isSameReachability,
  lacksIpv4,
  type Measurements,
  type Pinhole,
  type Placement,
  reachabilityOf,
  type ReachabilityStatus,
  type Verdict,
} from "./status.ts";
export { AddressVotes, CHANGES, type ExternalAddress, MAX_VOTERS, MIN_VOTES } from "./votes.ts";
export { describeReachability, type ReachabilityWords } from "./words.ts";
