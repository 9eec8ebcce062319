/**
 * Reads ranges of bytes of a torrent's file, such as the part of a catalog's index that a package's name
 * leads to. The file is one that this host seeds, or the pieces come from peers into a file of their own
 * in the seed directory. That file is deleted some seconds after the last read: a reader needs several
 * ranges one after the other, and so finds the torrent open, with its metadata and connected peers.
 *
 * @module
 */

import { type Clock, concatBytes, type Timer, usableWebSeeds } from "../../base/mod.ts";
import type { CallOptions, RangesRead, RequestOf } from "../../control/mod.ts";
import type { ByteRange, DownloadProgress } from "../../engine/mod.ts";
import { prefixPath } from "../../fetching/mod.ts";
import { HostError } from "../errors.ts";
import type { WorkerHandle } from "../thread/mod.ts";

type Request = RequestOf<"readRanges">;

/** Time for which a torrent stays open after the last read (ms). */
const LINGER_MS = 5_000;
/** Maximum number of bytes that one call reads; the answer has to fit into the memory. */
const MAX_READ_BYTES = 16 << 20;

/** The methods of the worker handle that {@linkcode RangeReads} calls. */
export type RangeDownloader = Pick<WorkerHandle, "download" | "addSources" | "want">;

/** A torrent that is open for reads. */
interface Open {
  /** Resolves when the worker has the order. */
  begun: Promise<void>;
  /** Resolves when all pieces are there, so that the worker has closed the torrent. */
  whole: Promise<void>;
  /** Settles when the torrent is closed and its file is deleted. */
  ended: Promise<void>;
  stop: AbortController;
  /** Number of bytes that were downloaded. */
  downloadedBytes: number;
  readers: number;
  timer?: Timer;
}

/** Options of {@linkcode RangeReads}. */
export interface RangeReadsOptions {
  worker: RangeDownloader;
  /** Absolute path of the seed directory without symbolic links. */
  seedDirectory: string;
  clock: Clock;
  /** Returns the path of a file that is seeded, by its infohash; `undefined` for another one. */
  seededPath: (infoHashHex: string) => string | undefined;
}

/** The reads of ranges in one host. */
export class RangeReads {
  readonly #options: RangeReadsOptions;
  /** Open torrents by infohash. A torrent is removed once its file is deleted. */
  readonly #open = new Map<string, Open>();

  constructor(options: RangeReadsOptions) {
    this.#options = options;
  }

  /**
   * Reads ranges of bytes.
   *
   * @throws {LibreseedError} `DOWNLOAD_CANCELLED` when `signal` aborts, `RANGES_TOO_LARGE` (kind `usage`),
   * or an error of the engine
   */
  async read(request: Request, { signal }: CallOptions = {}): Promise<RangesRead> {
    const { infoHash, ranges } = request;
    const wantedBytes = ranges.reduce((sum, { start, end }) => sum + Math.max(end - start, 0), 0);
    if (wantedBytes > MAX_READ_BYTES) {
      const message = `${wantedBytes} bytes were asked for at once, more than ${MAX_READ_BYTES}`;
      throw new HostError("usage", "RANGES_TOO_LARGE", message);
    }
    for (;;) {
      if (signal?.aborted) throw cancelled(infoHash, signal);
      const seeded = this.#options.seededPath(infoHash);
      if (seeded !== undefined) {
        const { size } = await Deno.stat(seeded);
        return { bytes: await bytesOf(seeded, ranges), lengthBytes: size, downloadedBytes: 0 };
      }
      const before = this.#open.get(infoHash);
      if (!before?.stop.signal.aborted) {
        return await this.#readFrom(before ?? this.#begin(request), request, signal);
      }
      await before.ended.catch(() => {});
    }
  }

  /** Closes all torrents. */
  async stop(): Promise<void> {
    const open = [...this.#open.values()];
    for (const one of open) {
      one.timer?.cancel();
      one.stop.abort();
    }
    await Promise.all(open.map(({ ended }) => ended.catch(() => {})));
  }

  async #readFrom(open: Open, request: Request, signal?: AbortSignal): Promise<RangesRead> {
    const { worker, seedDirectory, clock } = this.#options;
    const { infoHash, ranges, webSeeds = [], publisher } = request;
    open.readers++;
    open.timer?.cancel();
    try {
      await open.begun;
      await worker.addSources(infoHash, [], usableWebSeeds(webSeeds), publisher);
      const path = prefixPath(seedDirectory, infoHash);
      const held = await worker.want(infoHash, ranges, signal).catch(async (error) => {
        if (signal?.aborted) throw error;
        // Either all pieces are there, or the error of the download says why it has ended.
        await open.whole;
        return { lengthBytes: (await Deno.stat(path)).size, downloadedBytes: open.downloadedBytes };
      });
      return { bytes: await bytesOf(path, ranges), ...held };
    } catch (error) {
      if (!signal?.aborted) throw error;
      throw cancelled(infoHash, signal);
    } finally {
      open.readers--;
      if (open.readers === 0) open.timer = clock.after(LINGER_MS, () => open.stop.abort());
    }
  }

  #begin({ infoHash, webSeeds = [], maxBytes, fileName, publisher }: Request): Open {
    const { worker, seedDirectory } = this.#options;
    const filePath = prefixPath(seedDirectory, infoHash);
    const stop = new AbortController();
    const begun = Promise.withResolvers<void>();
    const whole = Promise.withResolvers<void>();
    whole.promise.catch(() => {});
    const onProgress = ({ downloadedBytes }: DownloadProgress) =>
      open.downloadedBytes = downloadedBytes;
    const run = async () => {
      try {
        await Deno.remove(filePath).catch(() => {});
        const order = {
          ...{ infoHashHex: infoHash, filePath, maxBytes, fileName, publisher, wantedBytes: 0 },
          peers: [],
          webSeeds: usableWebSeeds(webSeeds),
        };
        const downloading = worker.download(order, onProgress, stop.signal);
        begun.resolve();
        await downloading;
        whole.resolve();
        // Readers may not have read all pieces yet.
        if (!stop.signal.aborted) {
          await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
        }
      } catch (error) {
        whole.reject(error);
        if (!stop.signal.aborted) throw error;
      } finally {
        this.#open.delete(infoHash);
        await Deno.remove(filePath).catch(() => {});
      }
    };
    const open: Open = {
      ...{ begun: begun.promise, whole: whole.promise, stop, downloadedBytes: 0, readers: 0 },
      ended: Promise.resolve(),
    };
    open.ended = run();
    // Prevents an unhandled rejection if no reader waits any more.
    open.ended.catch(() => begun.resolve());
    this.#open.set(infoHash, open);
    return open;
  }
}

/** Reads ranges of a file, one after the other, without what is beyond its end. */
async function bytesOf(path: string, ranges: readonly ByteRange[]): Promise<Uint8Array> {
  const file = await Deno.open(path);
  try {
    const parts: Uint8Array[] = [];
    for (const { start, end } of ranges) {
      await file.seek(start, Deno.SeekMode.Start);
      for (let left = Math.max(end - start, 0); left > 0;) {
        const buffer = new Uint8Array(Math.min(left, 1 << 20));
        const count = await file.read(buffer);
        if (count === null) break;
        parts.push(buffer.subarray(0, count));
        left -= count;
      }
    }
    return concatBytes(...parts);
  } finally {
    file.close();
  }
}

function cancelled(infoHash: string, signal: AbortSignal): HostError {
  const message = `Reading a part of ${infoHash} ended early`;
  return new HostError("failed", "DOWNLOAD_CANCELLED", message, { cause: signal.reason });
}
