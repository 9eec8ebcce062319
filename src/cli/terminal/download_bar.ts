/**
 * A progress bar for one or several concurrent downloads of a command. The bar is hidden while the
 * partial file of an interrupted download is verified.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { DownloadProgress } from "../../engine/mod.ts";
import type { Output, Progress } from "./output.ts";
import { TransferRate } from "./transfer_rate.ts";

/** A download that the progress bar counts: its size, the bytes on disk, and its transfer rate. */
interface Running {
  label: string;
  doneBytes: number;
  totalBytes: number;
  rate: TransferRate;
}

/**
 * Progress of a download: the number of bytes on disk, the total number of bytes, whether existing bytes
 * are being verified, and the numbers of bytes that were copied from other archives, and fetched.
 */
export type ShownProgress =
  & Pick<DownloadProgress, "downloadedBytes" | "lengthBytes" | "checking">
  & Partial<Pick<DownloadProgress, "reusedBytes" | "fetchedBytes">>;

/** A progress bar that shows the sum of all downloads of a command. */
export class DownloadBar {
  readonly #bar: Progress;
  readonly #output: Pick<Output, "step">;
  readonly #clock: Clock;
  /** Downloads, keyed by id. Completed downloads stay in the map, because they count in the sum. */
  readonly #downloads = new Map<string, Running>();
  readonly #ended = new Set<string>();

  constructor(output: Pick<Output, "progress" | "step">, clock: Clock) {
    this.#output = output;
    this.#bar = output.progress("download");
    this.#clock = clock;
  }

  /**
   * Updates the progress of one download.
   *
   * @param id unique id of the download, such as an infohash
   * @param label name of the download, shown if it is the only one: `hello@1.0.0`
   * @param totalBytes size of the download, if the caller knows it from another source
   */
  update(
    id: string,
    label: string,
    { downloadedBytes, lengthBytes, checking, ...more }: ShownProgress,
    totalBytes = lengthBytes,
  ): void {
    if (checking) {
      if (this.#downloads.size === 0) {
        this.#output.step(`verifying the partial download of ${label}`);
      }
      return;
    }
    const rate = this.#downloads.get(id)?.rate ?? new TransferRate();
    const { reusedBytes = 0, fetchedBytes = downloadedBytes } = more;
    // Copied bytes are there at once, and say nothing about the speed of the network.
    rate.add(fetchedBytes, this.#clock.now());
    const doneBytes = Math.max(downloadedBytes, reusedBytes);
    this.#downloads.set(id, { label, doneBytes, totalBytes, rate });
    this.#draw();
  }

  /**
   * Marks a download as ended, whether it succeeded or failed. After the last one the bar
   * disappears.
   */
  end(id: string): void {
    this.#ended.add(id);
    for (const other of this.#downloads.keys()) if (!this.#ended.has(other)) return;
    this.#downloads.clear();
    this.#ended.clear();
    this.#bar.end();
  }

  #draw(): void {
    const all = [...this.#downloads.values()];
    const running = [...this.#downloads].filter(([id]) => !this.#ended.has(id));
    const rates = running.map(([, { rate }]) => rate.bytesPerSecond);
    const known = rates.filter((rate) => rate !== undefined);
    const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
    const totalBytes = sum(all.map(({ totalBytes }) => totalBytes));
    const [first, ...others] = running;
    this.#bar.update({
      label: others.length === 0 ? first?.[1].label : `${running.length} packages`,
      doneBytes: sum(all.map(({ doneBytes }) => doneBytes)),
      totalBytes: all.every(({ totalBytes }) => totalBytes > 0) ? totalBytes : undefined,
      ...(known.length > 0 && { bytesPerSecond: sum(known) }),
    });
  }
}
