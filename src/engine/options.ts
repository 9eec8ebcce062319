/**
 * Options of the engine. They are a file of their own because engine and client both read them.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";
import type { Contact } from "../dht/mod.ts";
import type { DhtState, SocketFactory } from "./dht/mod.ts";
import type { EngineError } from "./errors.ts";

/** Limits for all torrents together, bytes a second; 0 for none. */
export interface RateLimits {
  uploadBytesPerSecond: number;
  downloadBytesPerSecond: number;
}

/** Options of {@linkcode Engine.start}; a rate limit that is left out is none. */
export interface EngineOptions extends Partial<RateLimits> {
  clock: Clock;
  /** Port for peers (TCP) and the DHT (UDP); 0 for any that is free for both. */
  port: number;
  /** Whether to run a DHT node. */
  dht: boolean;
  /** Bootstrap addresses; the caller resolves host names. */
  bootstrap: { host: string; port: number }[];
  /** DHT nodes of an earlier run. */
  knownNodes?: Contact[];
  /** Run the DHT node read-only (BEP 43): other nodes do not add it to their routing tables. */
  readOnly?: boolean;
  /** Maximum number of connections of one torrent. */
  maxConnections?: number;
  /** Maximum number of incoming connections, over all torrents. Default 500. */
  maxIncoming?: number;
  /** Called when the state of the DHT changes. */
  onDhtState?: (state: DhtState) => void;
  /** Called if the engine fails after its start. */
  onFailure?: (error: EngineError) => void;
  /** Called if a peer wants an archive whose `.torrent` cannot be read; the peer is turned away. */
  onUnreadable?: (infoHashHex: string, error: Error) => void;
  /**
   * Whether a host may be dialled at any port and at any rate (`dial/dial_budget.ts`). Default: loopback
   * and private addresses.
   */
  isFreeHost?: (host: string) => boolean;
  /** Opens UDP sockets; tests pass their own. */
  createSocket?: SocketFactory;
}
