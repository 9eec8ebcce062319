/**
 * Options of the engine. They have a file of their own because both `engine.ts` and `client.ts`
 * read them.
 *
 * @module
 */

import type { BindingState, BoundAddresses, Clock, Family } from "../base/mod.ts";
import type { Contact } from "../dht/mod.ts";
import type { DhtHostsOptions, DhtState, SocketFactory } from "./dht/mod.ts";
import type { GateClient } from "../gate/mod.ts";
import type { EncryptionMode } from "./dial/mod.ts";
import type { EngineError } from "./errors.ts";
import type { RendezvousAnswer, RendezvousQuestion } from "../records/mod.ts";
import type { TransportMode } from "./transport/mod.ts";
import type { PeerHandshake } from "./extended_handshake.ts";

/** Rate limits over all torrents together, in bytes a second. 0 means no limit. */
export interface RateLimits {
  uploadBytesPerSecond: number;
  downloadBytesPerSecond: number;
}

/** Options of {@linkcode Engine.start}. An omitted rate limit means no limit. */
export interface EngineOptions extends Partial<RateLimits> {
  clock: Clock;
  /**
   * Port number for both peers (TCP) and the DHT (UDP). 0 chooses a number that is free for both.
   */
  port: number;
  /** The addresses of this machine to which all sockets are bound; absent for all of them. */
  binding?: BoundAddresses;
  /** Whether those addresses can be used at the start. Default: they can. */
  bindingState?: BindingState;
  /** Whether to run a DHT node. */
  dht: boolean;
  /** Bootstrap addresses of the DHT. The caller has resolved host names to addresses. */
  bootstrap: { host: string; port: number }[];
  /** DHT nodes that an earlier run saved. The routing table is filled from these nodes first. */
  knownNodes?: Contact[];
  /**
   * Whether to run the DHT nodes read-only (BEP 43): other nodes then do not add them to their
   * routing tables.
   */
  readOnly?: boolean;
  /** Maximum number of connections of one torrent. */
  maxConnections?: number;
  /** Maximum number of incoming connections, over all torrents. Default 500. */
  maxIncoming?: number;
  /** How connections to peers are encrypted, in both directions. Default `prefer`. */
  encryption?: EncryptionMode;
  /**
   * Returns the gate, through which the engine reaches addresses that its permissions cannot express.
   * The gate starts at the first call. Absent if there is none.
   */
  gate?: () => GateClient;
  /** Whether to find peers in the local network (BEP 14), which needs the gate. Default `false`. */
  lan?: boolean;
  /**
   * Second TCP port, at which neighbours are told to connect. There the gate refuses uTP, which the
   * engine cannot speak to addresses of the local network. Without `readOnly`, {@linkcode port} is
   * announced as well. Ignored with `binding`, and with the transport `utp`.
   */
  lanPort?: number;
  /** Called with what a peer said about us and itself. A peer may lie. */
  onPeerHandshake?: (said: PeerHandshake) => void;
  /**
   * Transports of connections to peers, in both directions. uTP uses the UDP socket of the DHT, so it
   * needs {@linkcode EngineOptions.dht}. Default `both`.
   */
  transport?: TransportMode;
  /** Called when the state of the DHT changes. */
  onDhtState?: (state: DhtState) => void;
  /** Called if the engine fails after {@linkcode Engine.start} has succeeded. */
  onFailure?: (error: EngineError) => void;
  /** Called when a peer connects for a seeded archive, before the archive wakes. */
  onAsked?: (infoHashHex: string) => void;
  /**
   * Called when a peer connects for an archive whose `.torrent` cannot be read. The peer is
   * disconnected.
   */
  onUnreadable?: (infoHashHex: string, error: Error) => void;
  /**
   * Whether a host is exempt from the limits on dialling (`dial/dial_budget.ts`). Default: loopback
   * and private addresses are exempt.
   */
  isFreeHost?: (host: string) => boolean;
  /**
   * Called when a DHT node has told the address at which it sees us (`ip` of BEP 42). A node may lie.
   *
   * @param voter address of the node
   * @param claim our address, 4 or 16 bytes; a port of 2 bytes may follow
   */
  onAddressVote?: (voter: string, claim: Uint8Array) => void;
  /** Whether enough nodes have told our external address of a family. Default: they have. */
  knowsAddress?: (family: Family) => boolean;
  /** Called when a peer has connected, with its address. */
  onIncoming?: (host: string) => void;
  /** Answers the question of a peer at a rendezvous. Default: an empty answer. */
  onQuestion?: (question: RendezvousQuestion) => Promise<RendezvousAnswer>;
  /** Creates UDP sockets. Tests pass a substitute. */
  createSocket?: SocketFactory;
  /** Creates UDP sockets of IPv6. Default: sockets of the gate. */
  createSocket6?: SocketFactory;
}

/** Returns the options of the engine's DHT nodes. */
export function dhtOptionsOf(options: EngineOptions): DhtHostsOptions {
  const { clock, bootstrap, knownNodes, readOnly, onAddressVote, knowsAddress, binding } = options;
  const { createSocket, createSocket6, gate } = options;
  return {
    ...{ clock, bootstrap, knownNodes, readOnly, onAddressVote, knowsAddress },
    ...{ createSocket, createSocket6, gate },
    onState: options.onDhtState,
    localAddress: binding?.ipv4,
    hasIpv4: !binding || binding.ipv4 !== undefined,
  };
}

/** Returns the reason for which bound addresses cannot be used; `undefined` if they can. */
export function whyUnusable(state: BindingState = { state: "bound" }): string | undefined {
  return state.state === "bound" ? undefined : state.why;
}
