/**
 * The parts of npm:webtorrent that the engine uses. The package comes without types.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type { Server, Socket } from "node:net";
import type { BlockSource } from "../upload/mod.ts";
import type { ArchiveStore } from "./chunk_store.ts";
import type { OwnDials } from "./dialling.ts";
import type { BittorrentDht } from "./krpc_types.ts";

/** A connection to a peer (npm:bittorrent-protocol). */
export interface Wire extends EventEmitter {
  isSeeder: boolean;
  /** Which pieces the peer says that it has. */
  peerPieces: { get(index: number): boolean };
  destroyed: boolean;
  remoteAddress?: string;
  remotePort?: number;
  /** Ours: where the blocks come from that it asks for. */
  source?: BlockSource;
  destroy(): void;
}

/** A torrent. */
export interface Torrent extends EventEmitter {
  infoHash: string;
  ready: boolean;
  done: boolean;
  destroyed: boolean;
  length: number;
  pieceLength: number;
  files: { length: number }[];
  /** One entry a piece; absent before the metadata has come. */
  pieces?: unknown[];
  torrentFile: Uint8Array;
  /** What reads and writes, in a wrapper; `null` once the torrent was ended. */
  store?: { store: ArchiveStore } | null;
  wires: Wire[];
  numPeers: number;
  /** All of whom it has an address, connected or not. */
  _peersLength: number;
  downloaded: number;
  received: number;
  uploaded: number;
  downloadSpeed: number;
  uploadSpeed: number;
  /** @param source where the address is from: `ut_pex` if a peer named it */
  addPeer(address: string, source?: string): boolean;
  destroy(options: { destroyStore: boolean }, done?: (error?: Error) => void): void;
}

/** The client. */
export interface Client extends EventEmitter {
  dht: BittorrentDht | false | null;
  destroyed: boolean;
  torrentPort: number;
  torrents: Torrent[];
  downloadSpeed: number;
  uploadSpeed: number;
  /** What listens for peers. */
  _connPool: { tcpServer: Server; _onTCPConnectionBound(connection: Socket): void };
  /** Peers that are not talked to. */
  blocked?: { contains(host: string): boolean };
  /** Ours: what was dialled, and may be. */
  dials?: OwnDials;
  add(torrent: string | Uint8Array, options: Record<string, unknown>): Torrent;
  throttleUpload(bytesPerSecond: number): void;
  throttleDownload(bytesPerSecond: number): void;
  destroy(done?: (error?: Error) => void): void;
}
