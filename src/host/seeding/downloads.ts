/**
 * Downloads into the seed directory, each torrent once however many commands ask for it. Every asker
 * hears of the progress and of the end; one that leaves does not end the download of the others.
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

/** Errors that follow from the request of the asker that began the download, not from the torrent. */
const ERRORS_OF_THE_REQUEST = [
  "DOWNLOAD_CANCELLED",
  "TORRENT_TOO_LARGE",
  "TORRENT_UNEXPECTED",
  "TORRENT_INVALID",
];

type DownloadRequest = RequestOf<"download">;

/** A download under way. */
interface Running {
  ended: Promise<Downloaded>;
  /** Ends it. */
  stop: AbortController;
  /** How many wait for it. */
  waiters: number;
  listeners: Set<(progress: DownloadProgress) => void>;
  last: DownloadProgress | undefined;
}

/** The part of the worker that downloads need. */
export type Downloader = Pick<WorkerHandle, "download" | "addPeers">;

/** The downloads under way. */
export class Downloads {
  readonly #worker: Downloader;
  readonly #seedDirectory: string;
  /** By infohash, until the worker has let go of the file. */
  readonly #running = new Map<string, Running>();

  /** @param seedDirectory absolute, without links: the worker may go nowhere else */
  constructor(worker: Downloader, seedDirectory: string) {
    this.#worker = worker;
    this.#seedDirectory = seedDirectory;
  }

  /**
   * Starts a download, or joins the one of that torrent. Aborting `signal` ends the wait of this asker;
   * the download ends when its last asker has left.
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
        // Its last asker has left; the file is free once the worker has ended it.
        await before.ended.catch(() => {});
        continue;
      }
      if (!before) return await this.#wait(this.#begin(request), request, signal, onEvent);
      try {
        const joined = this.#wait(before, request, signal, onEvent);
        if (request.peers?.length) {
          const peers = request.peers.map((text) => parseHostPort(text));
          // Where the worker is gone, the download says so.
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
    // Askers may all have left before it ends.
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
        // Once the worker has let go of the file.
        running.ended.catch(() => {}).finally(() => reject(error));
      };
      const listener = (progress: DownloadProgress) => {
        // Another asker may have begun it with a higher limit.
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

/** An error that is of the asker that hears it, and of no other. */
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
