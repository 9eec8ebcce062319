/**
 * Types of the members of npm:webtorrent that the engine uses. The package has no types of its own.
 *
 * @module
 */

import type { Socket } from "node:net";
import type { EventEmitter } from "node:events";
import type { BlockSource } from "../../upload/mod.ts";
import type { AnnouncedTo } from "../bittorrent_protocol/mod.ts";
import type { ArchiveStore } from "./chunk_store.ts";
import type { BittorrentDht } from "../krpc/mod.ts";

/** A connection to a peer (npm:bittorrent-protocol). */
export interface Wire extends EventEmitter {
  /** Transport and direction: `tcpIncoming`, `tcpOutgoing`, `utpIncoming` or `utpOutgoing`. */
  type: string;
  isSeeder: boolean;
  /** The pieces that the peer claims to have. */
  peerPieces: { get(index: number): boolean };
  destroyed: boolean;
  /** Number of bytes of blocks that the peer has sent. */
  downloaded: number;
  remoteAddress?: string;
  remotePort?: number;
  /** Added by libreseed: the archive that the peer may request blocks of. */
  source?: BlockSource;
  /** Added by libreseed: the torrent that the peer announces pieces of. */
  announcedTo?: AnnouncedTo;
  /** Tells the peer that we want its pieces. Does nothing if the peer knows. */
  interested(): void;
  destroy(): void;
}

/** A torrent of npm:webtorrent. */
export interface Torrent extends EventEmitter {
  infoHash: string;
  /** Name of the file, from the metadata. The text is untrusted. */
  name: string;
  /** Whether the metadata forbid peer exchange and the DHT (BEP 27). */
  private?: boolean;
  ready: boolean;
  done: boolean;
  destroyed: boolean;
  length: number;
  pieceLength: number;
  files: { length: number }[];
  /**
   * One entry for each piece, `null` once the piece is verified and written. Absent until the
   * metadata is known.
   */
  pieces?: unknown[];
  torrentFile: Uint8Array;
  /** A wrapper around the chunk store; `null` after the torrent has ended. */
  store?: { store: ArchiveStore } | null;
  wires: Wire[];
  numPeers: number;
  downloaded: number;
  received: number;
  uploaded: number;
  downloadSpeed: number;
  uploadSpeed: number;
  /**
   * Adds the address of a peer to connect to.
   *
   * @param source origin of the address: `ut_pex` if another peer sent it (peer exchange, BEP 11),
   * `rendezvous` if it was found at a publisher's rendezvous
   */
  addPeer(address: string, source?: string): boolean;
  /** Ends the dial or connection to an address, and forgets the address. */
  removePeer(address: string): void;
  destroy(options: { destroyStore: boolean }, done?: (error?: Error) => void): void;
}

/** The client of npm:webtorrent. */
export interface Client extends EventEmitter {
  dht: BittorrentDht | false | null;
  destroyed: boolean;
  torrentPort: number;
  /** Encryption of connections to peers: 0 none, 1 offered, 2 required. */
  secure: number;
  torrents: Torrent[];
  downloadSpeed: number;
  uploadSpeed: number;
  /** Addresses to which no connection is made, and from which none is accepted. */
  blocked?: { contains(host: string): boolean };
  /** Added by libreseed: limits the dials of this client; see `dialling.ts`. */
  dials?: {
    accepted(connection: Socket): void;
    hasDialled(host: string): boolean;
    suspend(): void;
    resume(): void;
  };
  add(torrent: string | Uint8Array, options: Record<string, unknown>): Torrent;
  throttleUpload(bytesPerSecond: number): void;
  throttleDownload(bytesPerSecond: number): void;
  destroy(done?: (error?: Error) => void): void;
}
