/**
 * The progress bar of one or several concurrent downloads. No bar is shown while the engine
 * verifies the partial file of an earlier download.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { DownloadProgress } from "../../engine/mod.ts";
import type { Output, Progress } from "./output.ts";
import { TransferRate } from "./transfer_rate.ts";

/** One download. */
interface Running {
  label: string;
  doneBytes: number;
  totalBytes: number;
  rate: TransferRate;
}

/** The part of a download's progress that the bar shows. */
export type ShownProgress = Pick<DownloadProgress, "downloadedBytes" | "lengthBytes" | "checking">;

/** One bar for all downloads of a command. */
export class DownloadBar {
  readonly #bar: Progress;
  readonly #output: Pick<Output, "step">;
  readonly #clock: Clock;
  /** Downloads by their id. Completed downloads stay, because the bar shows the sum of all. */
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
   * @param id distinguishes the download from others, such as an infohash
   * @param label shown to people: `hello@1.0.0`
   * @param totalBytes the size, if it is known from another source than the download
   */
  update(
    id: string,
    label: string,
    { downloadedBytes, lengthBytes, checking }: ShownProgress,
    totalBytes = lengthBytes,
  ): void {
    if (checking) {
      if (this.#downloads.size === 0) {
        this.#output.step(`verifying the partial download of ${label}`);
      }
      return;
    }
    const rate = this.#downloads.get(id)?.rate ?? new TransferRate();
    rate.add(downloadedBytes, this.#clock.now());
    this.#downloads.set(id, { label, doneBytes: downloadedBytes, totalBytes, rate });
    this.#draw();
  }

  /** Ends a download that succeeded or failed. The bar disappears after the last one. */
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
