/**
 * Downloads of an archive's beginning, for readers that need only the manifest or one file. The bytes go
 * to a file of their own in the seed directory, because the worker may write nowhere else; the file is
 * deleted when the last reader has left. Readers of the same archive share one download.
 *
 * The engine has at most one torrent for each infohash. A download of the whole archive therefore ends
 * the download of its beginning, whose readers then read the file of the whole archive.
 *
 * @module
 */

import { usableWebSeeds } from "../../base/mod.ts";
import type { CallOptions, PrefixProgress, RequestOf } from "../../control/mod.ts";
import { partialPath, prefixPath } from "../../fetching/mod.ts";
import { HostError } from "../errors.ts";
import type { WorkerHandle } from "../thread/mod.ts";
import type { Downloads } from "./downloads.ts";

type Request = RequestOf<"downloadPrefix">;

/** A running download that several readers may share. */
interface Running {
  /** Settles after the last reader has left and the file is deleted. */
  ended: Promise<void>;
  stop: AbortController;
  /** Whether a download of the whole archive has ended this one. */
  isReplaced: boolean;
  readers: number;
  listeners: Set<(progress: PrefixProgress) => void>;
  last: PrefixProgress | undefined;
}

/** The methods of the worker handle that {@linkcode PrefixDownloads} calls. */
export type PrefixDownloader = Pick<WorkerHandle, "download" | "addSources" | "widen" | "want">;

/** The running downloads of archives' beginnings in one host. */
export class PrefixDownloads {
  readonly #worker: PrefixDownloader;
  readonly #seedDirectory: string;
  readonly #downloads: Downloads;
  /** Downloads by infohash. A download is removed once its file is deleted. */
  readonly #running = new Map<string, Running>();

  /**
   * Creates an empty set of downloads.
   *
   * @param seedDirectory absolute path without symbolic links; the worker may write nowhere else
   * @param downloads the downloads of whole archives, which have precedence
   */
  constructor(worker: PrefixDownloader, seedDirectory: string, downloads: Downloads) {
    this.#worker = worker;
    this.#seedDirectory = seedDirectory;
    this.#downloads = downloads;
    downloads.onBegin = (infoHash) => {
      const running = this.#running.get(infoHash);
      if (!running) return undefined;
      running.isReplaced = true;
      running.stop.abort();
      return running.ended.catch(() => {});
    };
  }

  /**
   * Downloads the beginning of an archive until `signal` aborts, or joins a running download. Resolves
   * if a download of the whole archive that it has joined is complete.
   *
   * @throws {LibreseedError} `DOWNLOAD_CANCELLED` when `signal` aborts, or an error of the engine
   */
  async start(
    request: Request,
    { signal, onEvent }: CallOptions<PrefixProgress> = {},
  ): Promise<void> {
    const { wantedBytes: _, ...whole } = request;
    const { infoHash } = request;
    for (;;) {
      if (signal?.aborted) throw cancelled(infoHash, signal);
      if (this.#downloads.has(infoHash)) {
        const path = partialPath(this.#seedDirectory, infoHash);
        await this.#downloads.start(whole, {
          signal,
          onEvent: (progress) => onEvent?.({ ...progress, path }),
        });
        return;
      }
      const before = this.#running.get(infoHash);
      if (before?.stop.signal.aborted) {
        await before.ended.catch(() => {});
        continue;
      }
      if (before) void this.#join(request).catch(() => {});
      await this.#wait(before ?? this.#begin(request), infoHash, signal, onEvent);
    }
  }

  /** Wants more bytes of a running download; does nothing if there is none. */
  async widen({ infoHash, wantedBytes }: RequestOf<"widenPrefix">): Promise<void> {
    if (this.#running.has(infoHash)) await this.#worker.widen(infoHash, wantedBytes);
  }

  /**
   * Wants a range of bytes of a running download, and waits until the file has it. The result has no path
   * if there is no such download, or if it ends before.
   *
   * @throws {LibreseedError} `DOWNLOAD_CANCELLED` when `signal` aborts
   */
  async want(
    { infoHash, start, end }: RequestOf<"wantRange">,
    { signal }: CallOptions = {},
  ): Promise<{ path?: string }> {
    if (!this.#running.has(infoHash)) return {};
    try {
      await this.#worker.want(infoHash, [{ start, end }], signal);
      return { path: prefixPath(this.#seedDirectory, infoHash) };
    } catch {
      if (signal?.aborted) throw cancelled(infoHash, signal);
      // The download is complete or has failed, which the other call tells its reader.
      return {};
    }
  }

  /** Adds what a request names to a running download. If the worker has died, the download rejects. */
  async #join({ infoHash, webSeeds = [], wantedBytes, publisher }: Request): Promise<void> {
    await this.#worker.addSources(infoHash, [], usableWebSeeds(webSeeds), publisher);
    await this.#worker.widen(infoHash, wantedBytes);
  }

  #begin(request: Request): Running {
    const { infoHash, webSeeds = [], ...rest } = request;
    const filePath = prefixPath(this.#seedDirectory, infoHash);
    const stop = new AbortController();
    const left = new Promise<void>((resolve) =>
      stop.signal.addEventListener("abort", () => resolve(), { once: true })
    );
    const run = async () => {
      try {
        await Deno.remove(filePath).catch(() => {});
        await this.#worker.download(
          {
            ...rest,
            infoHashHex: infoHash,
            filePath,
            peers: [],
            webSeeds: usableWebSeeds(webSeeds),
          },
          (progress) => {
            running.last = { ...progress, path: filePath };
            for (const listener of running.listeners) listener(running.last);
          },
          stop.signal,
        );
        // The whole archive was wanted, and its readers may not have read all of it.
        await left;
      } finally {
        await Deno.remove(filePath).catch(() => {});
        this.#running.delete(infoHash);
      }
    };
    const running: Running = {
      ended: Promise.resolve(),
      stop,
      isReplaced: false,
      readers: 0,
      listeners: new Set(),
      last: undefined,
    };
    running.ended = run();
    // Prevents an unhandled rejection if no reader waits for the download any more.
    running.ended.catch(() => {});
    this.#running.set(infoHash, running);
    return running;
  }

  /**
   * Waits for a running download on behalf of one reader, who leaves when `signal` aborts. Resolves if a
   * download of the whole archive has taken over.
   */
  async #wait(
    running: Running,
    infoHash: string,
    signal: AbortSignal | undefined,
    onEvent: ((progress: PrefixProgress) => void) | undefined,
  ): Promise<void> {
    const listener = (progress: PrefixProgress) => onEvent?.(progress);
    const left = Promise.withResolvers<never>();
    left.promise.catch(() => {});
    const leave = () => left.reject(cancelled(infoHash, signal!));
    running.readers++;
    running.listeners.add(listener);
    signal?.addEventListener("abort", leave, { once: true });
    if (running.last) listener(running.last);
    try {
      await Promise.race([running.ended, left.promise]);
    } catch (error) {
      if (!running.isReplaced || signal?.aborted) throw error;
    } finally {
      signal?.removeEventListener("abort", leave);
      running.listeners.delete(listener);
      running.readers--;
      if (running.readers === 0) {
        running.stop.abort();
        await running.ended.catch(() => {});
      }
    }
  }
}

function cancelled(infoHash: string, signal: AbortSignal): HostError {
  const message = `Download of the beginning of ${infoHash} ended early`;
  return new HostError("failed", "DOWNLOAD_CANCELLED", message, { cause: signal.reason });
}
