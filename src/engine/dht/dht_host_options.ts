/**
 * The options and the events of `dht_host.ts`.
 *
 * @module
 */

import type { Clock, Family } from "../../base/mod.ts";
import type { Contact } from "../../dht/mod.ts";
import type { Krpc, PacketCounts } from "../libraries/mod.ts";
import type { RoundTrips } from "./round_trips.ts";
import type { SocketFactory } from "./udp_socket.ts";

/**
 * State of the DHT. `silent`: the socket is open, but no node responds. `alone`: no node is known that
 * could be asked, neither a bootstrap node nor one of an earlier run. `why`: reason for `off`.
 * `byChoice`: the user has switched it off.
 */
export type DhtState =
  | { state: "on"; silent?: true; alone?: true }
  | { state: "starting" }
  | { state: "off"; why: string; byChoice?: true };

/** Options of `DhtHost`. */
export interface DhtHostOptions {
  clock: Clock;
  /** Family of the addresses of the node. Each family has a DHT of its own (BEP 32). */
  family: Family;
  /** Returns our node of the other family; `undefined` if there is none. */
  other?: () => Krpc | undefined;
  /** Bootstrap addresses. The caller has resolved host names to addresses. */
  bootstrap: { host: string; port: number }[];
  /** Nodes that an earlier run saved. They are queried before the bootstrap addresses. */
  knownNodes?: Contact[];
  /** Whether to run read-only (BEP 43): other nodes then keep ours out of their routing tables. */
  readOnly?: boolean;
  /** Called when the state of the DHT changes. */
  onState?: (state: DhtState) => void;
  /**
   * Called when a node has told the address at which it sees us (BEP 42).
   *
   * @param voter address of the node
   * @param claim our address and port, in compact form
   */
  onAddressVote?: (voter: string, claim: Uint8Array) => void;
  /** Whether enough nodes have told our external address of a family. Default: they have. */
  knowsAddress?: (family: Family) => boolean;
  /** Counts packets by kind. */
  counts?: PacketCounts;
  /** Collects the round-trip times of answered queries. */
  roundTrips?: RoundTrips;
  /** Address of this machine to which the UDP socket is bound. Default: all addresses. */
  localAddress?: string;
  /** Creates UDP sockets of the family. Default: real ones over IPv4. */
  createSocket?: SocketFactory;
}
