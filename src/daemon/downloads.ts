/**
 * Downloads into the seed directory, each torrent once however many commands ask for it.
 *
 * @module
 */

import { fromBase64, LibreseedError, toBase64 } from "../base/mod.ts";
import { parseHostPort } from "../config/mod.ts";
import type { DownloadProgress } from "../engine/mod.ts";
import type { CallOptions, DownloadedJson, DownloadJson } from "./operations.ts";
import { partialPath } from "./partials.ts";
import type { WorkerHost } from "./worker_host.ts";

/** The downloads under way. */
export class Downloads {
  readonly #worker: Pick<WorkerHost, "download">;
  readonly #seedDirectory: string;
  readonly #running = new Map<string, Promise<DownloadedJson>>();

  /** @param seedDirectory absolute, without links: the worker may go nowhere else */
  constructor(worker: Pick<WorkerHost, "download">, seedDirectory: string) {
    this.#worker = worker;
    this.#seedDirectory = seedDirectory;
  }

  /** Starts a download, or joins the one of that torrent, whose first asker hears its progress. */
  async start(
    request: DownloadJson,
    { signal, onEvent }: CallOptions<DownloadProgress> = {},
  ): Promise<DownloadedJson> {
    const { infoHash } = request;
    for (;;) {
      const running = this.#running.get(infoHash);
      if (!running) break;
      try {
        return await running;
      } catch (error) {
        // Its first asker went away; whoever joined goes on with what there is.
        const isCancelled = error instanceof LibreseedError && error.code === "DOWNLOAD_CANCELLED";
        if (!isCancelled || signal?.aborted) throw error;
      }
    }
    const own = this.#download(request, signal, onEvent)
      .finally(() => this.#running.delete(infoHash));
    this.#running.set(infoHash, own);
    return await own;
  }

  async #download(
    { infoHash, lengthBytes, maxBytes, peers = [], torrent }: DownloadJson,
    signal: AbortSignal | undefined,
    onEvent: ((progress: DownloadProgress) => void) | undefined,
  ): Promise<DownloadedJson> {
    const path = partialPath(this.#seedDirectory, infoHash);
    const bytes = await this.#worker.download(
      {
        infoHashHex: infoHash,
        torrent: torrent === undefined ? undefined : fromBase64(torrent),
        filePath: path,
        lengthBytes,
        maxBytes,
        peers: peers.map((text) => parseHostPort(text)),
      },
      onEvent,
      signal,
    );
    return { path, torrent: toBase64(bytes) };
  }
}
