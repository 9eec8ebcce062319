/**
 * Downloads with a stall timeout: the download is aborted if no byte arrives for the length of the
 * timeout, for example because no peer was found.
 *
 * @module
 */

import { delay } from "../base/mod.ts";
import { type Downloaded, noPeers, type Operations, type RequestOf } from "../control/mod.ts";
import type { DownloadProgress, PeerCounts, WebSeedStatus } from "../engine/mod.ts";
import type { FindOptions } from "./find_record.ts";

/** Options of the download of one archive. */
export interface StallingDownload {
  request: RequestOf<"download">;
  /** Name of the archive in error messages. */
  label: string;
  /** Whether a DHT record names the archive. The advice in the error message depends on this. */
  hasRecord: boolean;
  /** Whether the bytes that came are deleted when the download fails. */
  isDiscarded?: boolean;
  onProgress: (progress: DownloadProgress) => void;
  /** Called with messages that only the flag `-v` shows. */
  onDetail?: (message: string) => void;
  /**
   * Finds the URLs of web seeds, if the request names none: called when no byte has come for a
   * while.
   */
  findWebSeeds?: (signal: AbortSignal) => Promise<string[]>;
}

/** Time without a byte after which web seeds are looked for (ms). */
const LOOK_FOR_WEB_SEEDS_MS = 2_000;

/**
 * Downloads through the host. Each received byte restarts the stall timeout, so a slow download continues
 * for as long as data arrives.
 *
 * @throws {ControlError} `NO_PEERS` (kind `network`) after `timeoutMs` without a new byte
 */
export async function downloadUntilStalled(
  downloader: Pick<Operations, "download" | "status">,
  { clock, timeoutMs, signal }: FindOptions,
  { request, label, hasRecord, isDiscarded, onProgress, onDetail, findWebSeeds }: StallingDownload,
): Promise<Downloaded> {
  const ended = new AbortController();
  let lastMs = clock.now();
  let bytes = 0;
  let reusedBytes = 0;
  let reach: PeerCounts | undefined;
  let webSeeds: WebSeedStatus[] = [];
  const told = new Set<string>();
  const stalled = new AbortController();
  const watch = (async () => {
    for (;;) {
      await delay(clock, Math.max(lastMs + timeoutMs - clock.now(), 1), ended.signal);
      if (clock.now() - lastMs >= timeoutMs) return stalled.abort();
    }
  })().catch(() => {});
  const looking = (async () => {
    if (!findWebSeeds || request.webSeeds) return;
    await delay(clock, LOOK_FOR_WEB_SEEDS_MS, ended.signal);
    const found = bytes === 0 ? await findWebSeeds(ended.signal) : [];
    // The host adds the web seeds to the download that runs already.
    if (found.length > 0 && !ended.signal.aborted) {
      await downloader.download({ ...request, webSeeds: found }, { signal: ended.signal });
    }
  })().catch(() => {});
  try {
    return await downloader.download(request, {
      signal: signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal,
      onEvent: (progress) => {
        reach = progress.reach;
        webSeeds = progress.webSeeds;
        for (const { url, problem } of webSeeds) {
          if (problem === undefined || told.has(url)) continue;
          told.add(url);
          onDetail?.(`nothing more comes from the web seed ${url}: ${problem}`);
        }
        // Copying from other archives may take long, and nothing is downloaded meanwhile.
        if (progress.downloadedBytes > bytes || progress.reusedBytes > reusedBytes) {
          bytes = progress.downloadedBytes;
          reusedBytes = progress.reusedBytes;
          lastMs = clock.now();
        }
        onProgress(progress);
      },
    });
  } catch (error) {
    if (!stalled.signal.aborted || signal?.aborted) throw error;
    const status = await downloader.status().catch(() => undefined);
    const fruitless = {
      portVaries: status?.reachability?.ipv4.external?.portVaries,
      dht: status?.dht,
      what: label,
      waitedMs: timeoutMs,
      downloadedBytes: bytes,
      hasRecord,
      isDiscarded,
      reach,
      webSeeds,
    };
    throw noPeers(fruitless, error);
  } finally {
    ended.abort();
    await Promise.all([watch, looking]);
  }
}
