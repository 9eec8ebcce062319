/**
 * Options of the parts of this room.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { RendezvousAnswer, RendezvousQuestion } from "../../records/mod.ts";
import type {
  Client,
  ContentlessSwarm,
  ContentlessSwarmOptions,
  SwarmWire,
} from "../libraries/mod.ts";

/** The connections to the peers that are asked. */
export type AskedSwarm = Pick<ContentlessSwarm, "dial" | "giveUp" | "close" | "destroy">;

/** Options of `RendezvousPeers`. */
export interface RendezvousPeersOptions {
  clock: Clock;
  client: Client;
  /** Answers the question of a peer. */
  onQuestion: (question: RendezvousQuestion) => Promise<RendezvousAnswer>;
  /**
   * Whether a host may be dialled. Nodes may name any number of private addresses, which count each by
   * itself.
   */
  mayDial: (host: string) => boolean;
  /** Makes the swarm of a question. Default: connections of npm:webtorrent; a simulation has its own. */
  makeSwarm?: (options: ContentlessSwarmOptions) => AskedSwarm;
  /** Says in our extended handshake who we are. */
  introduce: (wire: SwarmWire) => void;
}
