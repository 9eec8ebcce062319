/**
 * Seeds torrents in the worker, with the due time of each torrent's announcement.
 *
 * @module
 */

import type { SeedOrder } from "../../engine/mod.ts";
import type { ReportData } from "../../worker/mod.ts";
import type { WorkerHandle } from "../thread/mod.ts";

/** Starts and stops seeding. */
export interface Seeder {
  /** @param announceDueMs due time of their announcements, Unix milliseconds; overrides the default */
  seed(archives: SeedOrder[], announceDueMs?: number): Promise<void>;
  unseed(infoHashHex: string): Promise<void>;
}

/** Starts and stops seeding of catalogs, and announces them. */
export interface CatalogSeeder extends Seeder {
  /** Announces a seeded torrent at once, without waiting for `dht-rate`; resolves after the attempt. */
  announce(infoHashHex: string): Promise<void>;
}

/**
 * Creates a seeder of archives.
 *
 * @param dueMs due time of a torrent's announcement by its infohash (hex), Unix milliseconds; past times
 * are due at once, the lowest first
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
 * Creates a seeder of catalogs.
 *
 * @param dueMs due times, as for {@linkcode seederOf}
 * @param settle stores the outcome of an announcement
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
