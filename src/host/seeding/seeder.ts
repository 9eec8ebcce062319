/**
 * Passes torrents to the worker for seeding, each with the time at which its next announcement is due.
 *
 * @module
 */

import type { SeedOrder } from "../../engine/mod.ts";
import type { KeptSeed, ReportData } from "../../worker/mod.ts";
import type { WorkerHandle } from "../thread/mod.ts";

/** An archive to seed, with the time of its last change if it is an old one. */
export type DatedOrder = SeedOrder & Pick<KeptSeed, "modifiedMs">;

/** Passes torrents to the worker to be seeded, and stops their seeding. */
export interface Seeder {
  /**
   * Seeds archives.
   *
   * @param announceDueMs due time of their announcements, Unix milliseconds; overrides the due times of the
   * schedule
   */
  seed(archives: DatedOrder[], announceDueMs?: number): Promise<void>;
  unseed(infoHashHex: string): Promise<void>;
}

/** Starts and stops the seeding of catalogs, and announces catalogs. */
export interface CatalogSeeder extends Seeder {
  /**
   * Announces a seeded torrent now, without waiting for the packet budget (`dht-rate`). Resolves when the
   * attempt has ended.
   */
  announce(infoHashHex: string): Promise<void>;
}

/**
 * Creates a seeder of archives.
 *
 * @param dueMs returns the due time (Unix ms) of a torrent's announcement by infohash (hex); torrents with
 * past due times are announced at once, starting with the lowest due time
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
 * @param dueMs returns due times, as for {@linkcode seederOf}
 * @param settle saves the outcome of an announcement
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
