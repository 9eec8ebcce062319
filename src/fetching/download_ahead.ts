/**
 * Downloads that begin before it is certain that their archives are wanted: as soon as one DHT node has
 * shown the manifest, while the lookup still asks other nodes for a newer record. Connecting to a peer and
 * asking for the torrent's metadata takes six round trips, most of which then cost no time.
 *
 * Nothing is accepted early. A complete lookup decides which archive is wanted. Its download is taken over;
 * any other is ended. Its file stays, as after any download that was interrupted: another command may be
 * downloading the same archive.
 *
 * @module
 */

import { usableWebSeeds } from "../base/mod.ts";
import type { CallOptions, Downloaded, Operations, RequestOf } from "../control/mod.ts";
import type { DownloadProgress } from "../engine/mod.ts";
import { parsePublicKey } from "../identity/mod.ts";
import { archiveFileName } from "../package/mod.ts";
import type { FetchContext } from "./context.ts";
import type { ShownManifest } from "./find_manifest.ts";

/** An archive that is probably wanted. `peers` are known peers, `HOST:PORT`. */
export type LikelyArchive = ShownManifest & { peers?: string[] };

interface Ahead {
  infoHash: string;
  webSeeds: readonly string[];
  stop: AbortController;
  last?: DownloadProgress;
  onEvent?: (progress: DownloadProgress) => void;
  outcome: Promise<Downloaded>;
}

/** The downloads of one command. At most one of them runs ahead. */
export class DownloadAhead implements Pick<Operations, "download" | "status"> {
  readonly #context: FetchContext;
  #ahead: Ahead | undefined;
  /** The ends of downloads that were not taken over. */
  readonly #dropped = new Set<Promise<void>>();

  constructor(context: FetchContext) {
    this.#context = context;
  }

  /** Returns the status of the host, which says why a download gets nothing. */
  readonly status: Operations["status"] = (...request) =>
    this.#context.operations.status(...request);

  /**
   * Begins the download of an archive, unless the archive is in the seed directory already. A download
   * of another archive that runs ahead is dropped.
   */
  readonly begin = ({ minimal, webSeeds, peers }: LikelyArchive): void => {
    const { btih: infoHash, length: lengthBytes } = minimal;
    if (this.#ahead?.infoHash === infoHash) return;
    this.#drop();
    const { operations, seeds, limits, finding, reuse = true } = this.#context;
    const stop = new AbortController();
    const request = {
      ...{ infoHash, lengthBytes, peers, maxBytes: limits.maxArchiveBytes },
      webSeeds: usableWebSeeds(webSeeds),
      fileName: archiveFileName(minimal.name, minimal.version),
      publisher: parsePublicKey(minimal.pubkey),
      reuse,
    };
    const run = async () => {
      if (await seeds.find(minimal)) throw new Error("The archive is in the seed directory");
      const { signal: caller } = finding;
      const signal = caller ? AbortSignal.any([caller, stop.signal]) : stop.signal;
      signal.throwIfAborted();
      const onEvent = (progress: DownloadProgress) => {
        ahead.last = progress;
        ahead.onEvent?.(progress);
      };
      return await operations.download(request, { signal, onEvent });
    };
    const ahead: Ahead = { ...request, stop, outcome: Promise.resolve().then(run) };
    // The caller may never ask for the outcome.
    ahead.outcome.catch(() => {});
    this.#ahead = ahead;
  };

  /**
   * Downloads an archive. If its download runs ahead, with all web seeds of the request, it is taken
   * over. If that download fails, the archive is downloaded as if none had run, so that its errors are
   * those of the request.
   */
  async download(
    request: RequestOf<"download">,
    options: CallOptions<DownloadProgress> = {},
  ): Promise<Downloaded> {
    const ahead = this.#ahead;
    const { signal, onEvent } = options;
    const lacks = request.webSeeds?.some((url) => !ahead?.webSeeds.includes(url)) ?? false;
    if (!ahead || ahead.infoHash !== request.infoHash || lacks) {
      await this.end();
      return await this.#context.operations.download(request, options);
    }
    this.#ahead = undefined;
    ahead.onEvent = onEvent;
    if (ahead.last) onEvent?.(ahead.last);
    const left = Promise.withResolvers<never>();
    left.promise.catch(() => {});
    const leave = () => left.reject(signal!.reason);
    signal?.addEventListener("abort", leave, { once: true });
    if (signal?.aborted) leave();
    try {
      return await Promise.race([ahead.outcome, left.promise]);
    } catch {
      ahead.onEvent = undefined;
      if (signal?.aborted) ahead.stop.abort();
      await ahead.outcome.catch(() => {});
      return await this.#context.operations.download(request, options);
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }

  /** Ends what runs ahead, and waits until its file is closed. */
  async end(): Promise<void> {
    this.#drop();
    for (const dropped of this.#dropped) await dropped;
  }

  #drop(): void {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (!ahead) return;
    ahead.stop.abort();
    const dropped = ahead.outcome.then(() => {}, () => {});
    this.#dropped.add(dropped);
    void dropped.then(() => this.#dropped.delete(dropped));
  }
}
