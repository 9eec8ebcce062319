/**
 * The parts of npm:webtorrent that the engine uses. The package comes without types.
 *
 * @module
 */

import type { Socket } from "node:net";
import type { EventEmitter } from "node:events";
import type { BlockSource } from "../../upload/mod.ts";
import type { ArchiveStore } from "./chunk_store.ts";
import type { BittorrentDht } from "../krpc/mod.ts";

/** A connection to a peer (npm:bittorrent-protocol). */
export interface Wire extends EventEmitter {
  isSeeder: boolean;
  /** The pieces that the peer says it has. */
  peerPieces: { get(index: number): boolean };
  destroyed: boolean;
  remoteAddress?: string;
  remotePort?: number;
  /** Ours: the archive whose blocks the peer may ask for. */
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
  /** One entry a piece, null once it is there; absent before the metadata has come. */
  pieces?: unknown[];
  torrentFile: Uint8Array;
  /** The chunk store in a wrapper; `null` once the torrent was ended. */
  store?: { store: ArchiveStore } | null;
  wires: Wire[];
  numPeers: number;
  downloaded: number;
  received: number;
  uploaded: number;
  downloadSpeed: number;
  uploadSpeed: number;
  /** @param source origin of the address: `ut_pex` if a peer named it */
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
  /** Addresses that are neither dialled nor accepted. */
  blocked?: { contains(host: string): boolean };
  /** Ours: keeps the dials of this client within their budget; see `dialling.ts`. */
  dials?: { accepted(connection: Socket): void };
  add(torrent: string | Uint8Array, options: Record<string, unknown>): Torrent;
  throttleUpload(bytesPerSecond: number): void;
  throttleDownload(bytesPerSecond: number): void;
  destroy(done?: (error?: Error) => void): void;
}
