/**
 * Passes torrents to the worker for seeding, each with the time at which its next announcement is due.
 *
 * @module
 */

import { basename } from "node:path";
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
 * @param announces returns whether a torrent is announced individually, given whether the archive was seeded
 * before
 */
export function seederOf(
  worker: Pick<WorkerHandle, "seed" | "unseed">,
  dueMs: (infoHashHex: string) => number,
  announces: (infoHashHex: string, isKnown: boolean) => boolean,
): Seeder {
  return {
    seed: (archives, announceDueMs) =>
      worker.seed(archives.map((one) => {
        const { infoHashHex, modifiedMs } = one;
        const isAnnounced = announces(infoHashHex, modifiedMs !== undefined);
        // The due time of one that is not announced is not looked up.
        const due = announceDueMs ?? (isAnnounced ? dueMs(infoHashHex) : Infinity);
        return { ...one, announceDueMs: due, announces: isAnnounced };
      })),
    unseed: (infoHashHex) => worker.unseed(infoHashHex),
  };
}

/**
 * Creates a seeder of catalogs.
 *
 * @param dueMs returns due times, as for {@linkcode seederOf}
 * @param settle saves the outcome of an announcement
 * @param announcing decides which catalogs are announced individually. Default: all
 */
export function catalogSeederOf(
  worker: Pick<WorkerHandle, "seed" | "unseed" | "announceNow">,
  dueMs: (infoHashHex: string) => number,
  settle: (report: ReportData) => void,
  announcing?: {
    addCatalog(infoHashHex: string, keyHex: string): boolean;
    removeCatalog(infoHashHex: string): void;
  },
): CatalogSeeder {
  return {
    seed: (catalogs, announceDueMs) =>
      worker.seed(catalogs.map((one) => {
        const { infoHashHex, filePath } = one;
        const isSelected = announcing?.addCatalog(infoHashHex, keyIn(filePath)) ?? true;
        // A catalog with a due time of its own is announced by the caller.
        const announces = isSelected || announceDueMs !== undefined;
        return { ...one, announces, announceDueMs: announceDueMs ?? dueMs(infoHashHex) };
      })),
    unseed: (infoHashHex) => {
      announcing?.removeCatalog(infoHashHex);
      return worker.unseed(infoHashHex);
    },
    announce: (infoHashHex) => worker.announceNow([infoHashHex], true, settle),
  };
}

/** Returns the beginning of the key in the file name of a catalog or list, 16 hexadecimal digits. */
function keyIn(filePath: string): string {
  return /-([0-9a-f]{16})/.exec(basename(filePath))?.[1] ?? "";
}
