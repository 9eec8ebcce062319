/**
 * What seeds: the worker, with the time at which each torrent is to be announced.
 *
 * @module
 */

import type { SeedOrder } from "../../engine/mod.ts";
import type { ReportData } from "../../worker/mod.ts";
import type { WorkerHandle } from "../thread/mod.ts";

/** The part of the worker that this needs. */
export interface Seeder {
  /** @param announceDueMs when they are to be announced, Unix milliseconds, if the caller knows better */
  seed(archives: SeedOrder[], announceDueMs?: number): Promise<void>;
  unseed(infoHashHex: string): Promise<void>;
}

/** The part of the worker that catalogs need. */
export interface CatalogSeeder extends Seeder {
  /** Announces a torrent that is seeded, outside of dht-rate; resolves when nodes were told, or none could be. */
  announce(infoHashHex: string): Promise<void>;
}

/**
 * Seeds in the worker.
 *
 * @param dueMs when a torrent (40 hexadecimal digits) is to be announced, Unix milliseconds; the past,
 * or anything below, for at once, the lowest first
 */
export function seederOf(
  worker: Pick<WorkerHandle, "seed" | "unseed">,
  dueMs: (infoHashHex: string) => number,
): Seeder {
  return {
    seed: (archives, announceDueMs) =>
      worker.seed(archives.map((one) => ({
        ...one,
        announceDueMs: announceDueMs ?? dueMs(one.infoHashHex),
      }))),
    unseed: (infoHashHex) => worker.unseed(infoHashHex),
  };
}

/**
 * Seeds catalogs in the worker.
 *
 * @param dueMs as for {@linkcode seederOf}
 * @param settle notes what became of an announcement
 */
export function catalogSeederOf(
  worker: Pick<WorkerHandle, "seed" | "unseed" | "announceNow">,
  dueMs: (infoHashHex: string) => number,
  settle: (report: ReportData) => void,
): CatalogSeeder {
  return {
    ...seederOf(worker, dueMs),
    announce: (infoHashHex) => worker.announceNow([infoHashHex], true, settle),
  };
}
