/**
 * One download in the worker thread: the engine fetches the archive, while peers are searched in the
 * DHT.
 *
 * @module
 */

import { type Clock, type Family, fromHex } from "../base/mod.ts";
import type { DhtManager } from "../dht/mod.ts";
import type { DownloadProgress, Engine } from "../engine/mod.ts";
import { searchPeers } from "./peer_search.ts";
import type { DownloadOrder } from "./protocol.ts";

/** Options of {@linkcode downloadArchive}. */
export interface DownloadOptions {
  engine: Engine;
  /** Returns the manager; throws if the DHT is off. */
  manager: () => DhtManager;
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
  { engine, manager, port, clock, signal, onProgress }: DownloadOptions,
): Promise<Uint8Array> {
  const done = new AbortController();
  let peers = 0;
  const search = searchPeers({
    infoHash: fromHex(order.infoHashHex)!,
    ...{ manager, port, clock },
    announces: order.wantedBytes === undefined,
    peers: () => peers,
    onPeers: (found) => engine.addPeers(order.infoHashHex, found),
    signal: AbortSignal.any([signal, done.signal]),
  });
  try {
    return await engine.download({
      ...order,
      signal,
      onProgress: (progress) => {
        peers = progress.peers;
        onProgress(progress);
      },
    });
  } finally {
    done.abort();
    await search;
  }
}
