/**
 * Shared downloads into the seed directory: concurrent requests for one torrent join one download. Every
 * waiter gets the progress and the result, and a waiter that leaves does not end the others' download.
 *
 * @module
 */

import { LibreseedError } from "../../base/mod.ts";
import { parseHostPort } from "../../config/mod.ts";
import type { CallOptions, Downloaded, RequestOf } from "../../control/mod.ts";
import type { DownloadProgress } from "../../engine/mod.ts";
import { partialPath } from "../../fetching/mod.ts";
import { HostError } from "../errors.ts";
import type { WorkerHandle } from "../thread/mod.ts";

/** Errors caused by the request that started the download, not by the torrent. */
const ERRORS_OF_THE_REQUEST = [
  "DOWNLOAD_CANCELLED",
  "TORRENT_TOO_LARGE",
  "TORRENT_UNEXPECTED",
  "TORRENT_INVALID",
];

type DownloadRequest = RequestOf<"download">;

/** A running download. */
interface Running {
  ended: Promise<Downloaded>;
  /** Aborts the download. */
  stop: AbortController;
  /** Number of requests that wait for it. */
  waiters: number;
  listeners: Set<(progress: DownloadProgress) => void>;
  last: DownloadProgress | undefined;
}

/** The used members of the worker. */
export type Downloader = Pick<WorkerHandle, "download" | "addPeers">;

/** The running downloads of one host. */
export class Downloads {
  readonly #worker: Downloader;
  readonly #seedDirectory: string;
  /** Running downloads by infohash, until the worker has closed the file. */
  readonly #running = new Map<string, Running>();

  /** @param seedDirectory absolute path without links, the only directory that the worker may use */
  constructor(worker: Downloader, seedDirectory: string) {
    this.#worker = worker;
    this.#seedDirectory = seedDirectory;
  }

  /**
   * Starts a download, or joins the running one of that torrent. Aborting `signal` ends this wait; the
   * download ends when its last waiter has left.
   *
   * @throws {LibreseedError} `DOWNLOAD_CANCELLED` when `signal` aborts, or an error of the engine
   */
  async start(
    request: DownloadRequest,
    { signal, onEvent }: CallOptions<DownloadProgress> = {},
  ): Promise<Downloaded> {
    const { infoHash } = request;
    for (;;) {
      if (signal?.aborted) throw cancelled(infoHash, signal);
      const before = this.#running.get(infoHash);
      if (before?.stop.signal.aborted) {
        // The last waiter has left; the file is free once the worker has ended that download.
        await before.ended.catch(() => {});
        continue;
      }
      if (!before) return await this.#wait(this.#begin(request), request, signal, onEvent);
      try {
        const joined = this.#wait(before, request, signal, onEvent);
        if (request.peers?.length) {
          const peers = request.peers.map((text) => parseHostPort(text));
          // If the worker died, the download itself rejects.
          this.#worker.addPeers(infoHash, peers).catch(() => {});
        }
        return await joined;
      } catch (error) {
        const isOfOther = error instanceof LibreseedError && !(error instanceof OwnError) &&
          ERRORS_OF_THE_REQUEST.includes(error.code);
        if (!isOfOther || signal?.aborted) throw error;
      }
    }
  }

  #begin(
    { infoHash, lengthBytes, maxBytes, peers = [], torrent }: DownloadRequest,
  ): Running {
    const path = partialPath(this.#seedDirectory, infoHash);
    const stop = new AbortController();
    const listeners: Running["listeners"] = new Set();
    const ended = this.#worker.download(
      {
        infoHashHex: infoHash,
        torrent,
        filePath: path,
        lengthBytes,
        maxBytes,
        peers: peers.map((text) => parseHostPort(text)),
      },
      (progress) => {
        running.last = progress;
        for (const listener of listeners) listener(progress);
      },
      stop.signal,
    ).then((torrent) => ({ path, torrent }))
      .finally(() => this.#running.delete(infoHash));
    // All waiters may have left before the download ends.
    ended.catch(() => {});
    const running: Running = { ended, stop, waiters: 0, listeners, last: undefined };
    this.#running.set(infoHash, running);
    return running;
  }

  /** Waits for a download as one of its waiters. */
  #wait(
    running: Running,
    request: DownloadRequest,
    signal: AbortSignal | undefined,
    onEvent: ((progress: DownloadProgress) => void) | undefined,
  ): Promise<Downloaded> {
    return new Promise((resolve, reject) => {
      let hasLeft = false;
      const leave = (error: Error) => {
        hasLeft = true;
        release();
        if (running.waiters > 0) return reject(error);
        running.stop.abort(error);
        // Rejects once the worker has closed the file.
        running.ended.catch(() => {}).finally(() => reject(error));
      };
      const listener = (progress: DownloadProgress) => {
        // Another request may have started the download with a higher limit.
        if (progress.lengthBytes > request.maxBytes) return leave(tooLarge(request, progress));
        onEvent?.(progress);
      };
      const onAbort = () => leave(cancelled(request.infoHash, signal!));
      const release = () => {
        if (!running.listeners.delete(listener)) return;
        running.waiters--;
        signal?.removeEventListener("abort", onAbort);
      };
      running.waiters++;
      running.listeners.add(listener);
      signal?.addEventListener("abort", onAbort, { once: true });
      if (running.last) listener(running.last);
      running.ended.then(
        (downloaded) => hasLeft || resolve(downloaded),
        (error) => hasLeft || reject(error),
      )
        .finally(release);
    });
  }
}

/** An error of one waiter, which does not concern the others. */
class OwnError extends HostError {}

function cancelled(infoHash: string, signal: AbortSignal): HostError {
  const message = `Download of ${infoHash} ended early`;
  return new OwnError("failed", "DOWNLOAD_CANCELLED", message, { cause: signal.reason });
}

function tooLarge({ infoHash, maxBytes }: DownloadRequest, { lengthBytes }: DownloadProgress) {
  return new OwnError(
    "verification",
    "TORRENT_TOO_LARGE",
    `Torrent ${infoHash} is ${lengthBytes} bytes long; the limit is ${maxBytes} (--max-archive-size)`,
  );
}
