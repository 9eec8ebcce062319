/**
 * Adds a torrent to the client, with everything that acts on it and on its connections.
 *
 * @module
 */

import { attachToConnections, type ConnectionsOptions } from "./connections.ts";
import {
  ArchiveStore,
  type Client,
  forgetHashes,
  keepPieceBuffers,
  releasePieceBuffer,
  shareMetadata,
  type Torrent,
} from "./libraries/mod.ts";

/**
 * Maximum number of unchoked peers of one torrent. WebTorrent chooses the unchoked peers every ten
 * seconds. With its default maximum of ten, the slot of a finished peer could stay empty for up to
 * ten seconds.
 */
const UPLOAD_SLOTS = 200;

/** Options of {@linkcode addTorrent}. */
export interface AddTorrentOptions extends ConnectionsOptions {
  client: Client;
  /** Absolute path of the archive. */
  filePath: string;
  /** Whether the archive is downloaded, and so written. */
  isDownload: boolean;
  /** Called when the metadata say that peers come from the torrent's tracker alone (BEP 27). */
  onPrivate: (infoHashHex: string) => void;
  onClose: (torrent: Torrent) => void;
}

/** @param torrent bytes of a `.torrent`, or an infohash, 40 hexadecimal digits */
export function addTorrent(torrent: string | Uint8Array, options: AddTorrentOptions): Torrent {
  const { client, filePath, isDownload, onPrivate, onClose } = options;
  const added = client.add(torrent, {
    store: ArchiveStore,
    storeOpts: { filePath, writable: isDownload, onWritten: releasePieceBuffer },
    // WebTorrent's piece cache (by default 20 pieces for each torrent) is off, because the
    // operating system already caches the file.
    storeCacheSlots: 0,
    uploads: UPLOAD_SLOTS,
    skipVerify: !isDownload,
  });
  // Each connection listens to its torrent.
  added.setMaxListeners(0);
  added.once("ready", () => {
    if (!isDownload) forgetHashes(added);
    if (added.pieces?.some((piece) => piece !== null)) keepPieceBuffers(added);
  });
  added.once("metadata", () => {
    shareMetadata(added);
    if (added.private) onPrivate(added.infoHash);
  });
  attachToConnections(added, options);
  added.once("close", () => onClose(added));
  return added;
}
