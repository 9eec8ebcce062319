/**
 * Sums over all torrents, and the memory of the process.
 *
 * @module
 */

import type { TorrentStatus } from "../engine/mod.ts";
import type { StatusJson } from "./operations.ts";

/** What all torrents together move. */
export function sumTorrents(
  torrents: readonly TorrentStatus[],
): Pick<StatusJson, "uploadSpeed" | "downloadSpeed" | "uploadedBytes" | "downloadedBytes"> {
  const sum = { uploadSpeed: 0, downloadSpeed: 0, uploadedBytes: 0, downloadedBytes: 0 };
  for (const torrent of torrents) {
    sum.uploadSpeed += torrent.uploadSpeed;
    sum.downloadSpeed += torrent.downloadSpeed;
    sum.uploadedBytes += torrent.uploadedBytes;
    sum.downloadedBytes += torrent.downloadedBytes;
  }
  return sum;
}

/** Memory of the process, and of it the JavaScript heap of the calling thread. */
export function memoryOf(): StatusJson["memory"] {
  const { rss, heapUsed } = Deno.memoryUsage();
  return { residentBytes: rss, heapBytes: heapUsed };
}
