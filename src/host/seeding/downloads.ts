/**
 * Shared downloads into the seed directory: concurrent requests for the same torrent share one download.
 * Every requester receives the progress and the result. If a requester aborts, the download continues for
 * the others.
 *
 * @module
 */

import { LibreseedError, usableWebSeeds } from "../../base/mod.ts";
import { parseHostPort } from "../../config/mod.ts";
import type { CallOptions, Downloaded, RequestOf } from "../../control/mod.ts";
import type { DownloadProgress } from "../../engine/mod.ts";
import { partialPath } from "../../fetching/mod.ts";
import { pieceLengthFor } from "../../package/mod.ts";
import { HostError } from "../errors.ts";
import type { Reuser } from "../reuse/mod.ts";
import type { WorkerHandle } from "../thread/mod.ts";

/**
 * Error codes that concern only the request that started a shared download, such as its size limit.
 * Requests that joined the download then start the download again.
 */
const ERRORS_OF_THE_REQUEST = [
  "DOWNLOAD_CANCELLED",
  "TORRENT_TOO_LARGE",
  "TORRENT_UNEXPECTED",
  "TORRENT_INVALID",
];

type DownloadRequest = RequestOf<"download">;

/** A running download that several requests may share. */
interface Running {
  ended: Promise<Downloaded>;
  /** Aborting this controller aborts the download. */
  stop: AbortController;
  /** Number of requests that wait for the download. */
  waiters: number;
  listeners: Set<(progress: DownloadProgress) => void>;
  last: DownloadProgress | undefined;
  fileName: string | undefined;
}

/** A download of a whole archive, for observers. */
export interface ObservedDownload {
  /** 40 hexadecimal digits. */
  infoHash: string;
  /** The archive's usual file name, as the request has it. */
  fileName?: string;
  /** The last progress; absent before the first. */
  progress?: DownloadProgress;
  /** Error that ended the download; absent while it runs, and after a complete download. */
  error?: Error;
}

/** The methods of the worker handle that {@linkcode Downloads} calls. */
export type Downloader = Pick<WorkerHandle, "download" | "addSources">;

/** The running downloads of one host, which requests for the same torrent share. */
export class Downloads {
  readonly #worker: Downloader;
  readonly #seedDirectory: string;
  readonly #reuser: Pick<Reuser, "begin" | "add"> | undefined;
  /** Downloads by infohash. A download is removed once the worker has closed its file. */
  readonly #running = new Map<string, Running>();
  /**
   * Called before a download begins, with its infohash. The engine can have one torrent for each
   * infohash, so the callback ends another one, if there is one, and resolves when its file is closed.
   */
  onBegin: (infoHash: string) => Promise<void> | undefined = () => undefined;
  /** Called at the end of each download, if it is set. */
  onEnd: ((ended: ObservedDownload) => void) | undefined;

  /**
   * Creates an empty set of downloads.
   *
   * @param seedDirectory absolute path without symbolic links; the worker may write nowhere else
   * @param reuser has downloads reuse members of other archives. Default: they fetch all
   */
  constructor(worker: Downloader, seedDirectory: string, reuser?: Pick<Reuser, "begin" | "add">) {
    this.#worker = worker;
    this.#seedDirectory = seedDirectory;
    this.#reuser = reuser;
  }

  /** Returns the running downloads. */
  running(): ObservedDownload[] {
    return [...this.#running].map(([infoHash, { fileName, last: progress }]) => ({
      infoHash,
      ...(fileName !== undefined && { fileName }),
      ...(progress && { progress }),
    }));
  }

  /** Whether a download of this torrent runs. */
  has(infoHash: string): boolean {
    return this.#running.has(infoHash);
  }

  /**
   * Starts a download, or joins the running download of the same torrent. Aborting `signal` ends the wait
   * of this caller. The download itself is aborted when no caller waits for it any more.
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
        // No request waits for the running download any more, so it is being aborted. A new download of the
        // same file may start only after the worker has closed the file.
        await before.ended.catch(() => {});
        continue;
      }
      if (!before) return await this.#wait(this.#begin(request), request, signal, onEvent);
      try {
        const joined = this.#wait(before, request, signal, onEvent);
        const peers = (request.peers ?? []).map((text) => parseHostPort(text));
        // Errors of adding sources are ignored: if the worker has died, the download rejects with the
        // same error.
        const webSeeds = usableWebSeeds(request.webSeeds ?? []);
        this.#worker.addSources(infoHash, peers, webSeeds, request.publisher).catch(() => {});
        return await joined;
      } catch (error) {
        const isOfOther = error instanceof LibreseedError && !(error instanceof OwnError) &&
          ERRORS_OF_THE_REQUEST.includes(error.code);
        if (!isOfOther || signal?.aborted) throw error;
      }
    }
  }

  #begin(request: DownloadRequest): Running {
    const { infoHash, lengthBytes, maxBytes, peers = [], torrent, webSeeds = [] } = request;
    const { fileName, publisher } = request;
    const path = partialPath(this.#seedDirectory, infoHash);
    const stop = new AbortController();
    const listeners: Running["listeners"] = new Set();
    const reuse = !request.reuse ? undefined : this.#reuser?.begin({
      ...{ infoHashHex: infoHash, path, lengthBytes, publisher },
      onCopied(reusedBytes) {
        if (running.last) tell({ ...running.last, reusedBytes });
      },
    });
    const order = {
      infoHashHex: infoHash,
      torrent,
      filePath: path,
      lengthBytes,
      pieceBytes: lengthBytes &&
        pieceLengthFor(lengthBytes, { name: fileName, hasMemberList: true }),
      maxBytes,
      peers: peers.map((text) => parseHostPort(text)),
      webSeeds: usableWebSeeds(webSeeds),
      fileName,
      publisher,
      ...(reuse && { reuse: true }),
    };
    const tell = (progress: DownloadProgress) => {
      running.last = progress;
      for (const listener of listeners) listener(progress);
    };
    const begin = () => {
      const downloading = this.#worker.download(order, (progress) => {
        const reusedBytes = running.last?.reusedBytes;
        tell(reuse?.isCopying && reusedBytes ? { ...progress, reusedBytes } : progress);
        reuse?.advance(progress);
      }, stop.signal);
      reuse?.advance({ readyBytes: 0, lengthBytes: lengthBytes ?? 0 });
      return downloading;
    };
    const ended = (this.onBegin(infoHash)?.then(begin) ?? begin())
      .finally(() => reuse?.stop())
      .then((torrent) => {
        if (running.last) this.#reuser?.add(running.last);
        return { path, torrent };
      })
      .finally(() => this.#running.delete(infoHash));
    const tellEnd = (error?: Error) =>
      this.onEnd?.({ infoHash, fileName, progress: running.last, ...(error && { error }) });
    ended.then(() => tellEnd(), tellEnd);
    const running: Running = { ended, stop, waiters: 0, listeners, last: undefined, fileName };
    this.#running.set(infoHash, running);
    return running;
  }

  /** Waits for a running download on behalf of one request. */
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
        // The request rejects only after the worker has closed the file.
        running.ended.catch(() => {}).finally(() => reject(error));
      };
      const listener = (progress: DownloadProgress) => {
        // The size limit of this request may be lower than the limit of the request that started the
        // download.
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

/** An error that concerns only one of the requests that share a download. The other requests go on. */
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
