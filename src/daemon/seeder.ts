/**
 * What seeds: the worker, with the time at which each torrent is to be announced.
 *
 * @module
 */

import type { SeedOrder } from "../engine/mod.ts";
import type { WorkerHost } from "./worker_host.ts";

/** The part of the worker that this needs. */
export interface Seeder {
  seed(archives: SeedOrder[]): Promise<void>;
  unseed(infoHashHex: string): Promise<void>;
}

/**
 * Seeds in the worker.
 *
 * @param dueMs when a torrent (40 hexadecimal digits) is to be announced, Unix milliseconds; the past,
 * or anything below, for at once, the lowest first
 */
export function seederOf(
  worker: Pick<WorkerHost, "seed" | "unseed">,
  dueMs: (infoHashHex: string) => number,
): Seeder {
  return {
    seed: (archives) =>
      worker.seed(archives.map((one) => ({ ...one, announceDueMs: dueMs(one.infoHashHex) }))),
    unseed: (infoHashHex) => worker.unseed(infoHashHex),
  };
}
