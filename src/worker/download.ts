/**
 * One download in the worker thread: the engine fetches the archive, while peers are searched in the
 * DHT.
 *
 * @module
 */

import { type Clock, type Family, fromHex } from "../base/mod.ts";
import type { DhtManager } from "../dht/mod.ts";
import type { DownloadProgress, Engine } from "../engine/mod.ts";
import { publisherRendezvous } from "../records/mod.ts";
import { searchPeers } from "./peer_search.ts";
import type { DownloadOrder } from "./protocol.ts";
import type { RendezvousSearches } from "./rendezvous_searches.ts";

/** Options of {@linkcode downloadArchive}. */
export interface DownloadOptions {
  engine: Engine;
  /** Returns the manager; throws if the DHT is off. */
  manager: () => DhtManager;
  /** Searches at the rendezvous of publishers. */
  searches: RendezvousSearches;
  /** TCP port at which peers reach this machine, by family. */
  port: () => Record<Family, number>;
  clock: Clock;
  /** Cancels the download. */
  signal: AbortSignal;
  onProgress: (progress: DownloadProgress) => void;
}

/** Downloads an archive; resolves with the `.torrent` when all wanted pieces are verified. */
export async function downloadArchive(
  order: DownloadOrder,
  { engine, manager, searches, port, clock, signal, onProgress }: DownloadOptions,
): Promise<Uint8Array> {
  const { infoHashHex } = order;
  const done = new AbortController();
  let peers = 0;
  // The engine has the download before the search reports peers that were found earlier.
  const downloading = engine.download({
    ...order,
    signal,
    onProgress: (progress) => {
      peers = progress.peers;
      onProgress(progress);
    },
  });
  let seen: number | undefined;
  const search = searchPeers({
    infoHash: fromHex(infoHashHex)!,
    ...{ manager, port, clock },
    announces: order.wantedBytes === undefined,
    peers: () => peers,
    onPeers: (found) => engine.addPeers(infoHashHex, found),
    async atRendezvous(signal) {
      // Another request that joins the download may tell the publisher later.
      const publisher = engine.downloadOf(infoHashHex)?.publisher;
      if (!publisher) return;
      seen = await searches.find(
        publisherRendezvous(publisher),
        (search, named) => engine.downloadOf(infoHashHex)?.addRendezvousPeers(search, named),
        signal,
        seen,
      );
    },
    signal: AbortSignal.any([signal, done.signal]),
  });
  try {
    return await downloading;
  } finally {
    done.abort();
    await search;
  }
}
