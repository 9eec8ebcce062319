/**
 * Downloads with a stall timeout: the download is aborted if no byte arrives for the length of the
 * timeout, for example because no peer was found.
 *
 * @module
 */

import { delay } from "../base/mod.ts";
import { type Downloaded, noPeers, type RequestOf } from "../control/mod.ts";
import type { DownloadProgress, PeerCounts } from "../engine/mod.ts";
import type { FetchContext } from "./context.ts";

/** Options of the download of one archive. */
export interface StallingDownload {
  request: RequestOf<"download">;
  /** Name of the archive in error messages. */
  label: string;
  /** Whether a DHT record names the archive. The advice in the error message depends on this. */
  hasRecord: boolean;
  onProgress: (progress: DownloadProgress) => void;
}

/**
 * Downloads through the host. Each received byte restarts the stall timeout, so a slow download continues
 * for as long as data arrives.
 *
 * @throws {ControlError} `NO_PEERS` (kind `network`) after `finding.timeoutMs` without a new byte
 */
export async function downloadUntilStalled(
  { operations, finding: { clock, timeoutMs, signal } }: FetchContext,
  { request, label, hasRecord, onProgress }: StallingDownload,
): Promise<Downloaded> {
  const ended = new AbortController();
  let lastMs = clock.now();
  let bytes = 0;
  let reach: PeerCounts | undefined;
  const stalled = new AbortController();
  const watch = (async () => {
    for (;;) {
      await delay(clock, Math.max(lastMs + timeoutMs - clock.now(), 1), ended.signal);
      if (clock.now() - lastMs >= timeoutMs) return stalled.abort();
    }
  })().catch(() => {});
  try {
    return await operations.download(request, {
      signal: signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal,
      onEvent: (progress) => {
        reach = progress.reach;
        if (progress.downloadedBytes > bytes) {
          bytes = progress.downloadedBytes;
          lastMs = clock.now();
        }
        onProgress(progress);
      },
    });
  } catch (error) {
    if (!stalled.signal.aborted || signal?.aborted) throw error;
    const fruitless = {
      what: label,
      waitedMs: timeoutMs,
      downloadedBytes: bytes,
      hasRecord,
      reach,
    };
    throw noPeers(fruitless, error);
  } finally {
    ended.abort();
    await watch;
  }
}
