/**
 * The host's seeding: verifies the archives of the seed directory, seeds and watches them, and downloads for
 * commands.
 *
 * - `packages.ts` has the archives of the seed directory: verification, seeding, removal, listing. Start
 *   reading here.
 * - `seeding.ts` is the daemon's part: it seeds all archives, reacts to changes that `watch.ts` finds, and
 *   adopts foreign records. `retries.ts` schedules retries of temporary failures.
 * - `seeded_catalogs.ts` seeds catalogs, and superseded ones for one more hour.
 * - `downloads.ts` shares one download between the commands that ask for the same torrent.
 * - `seeder.ts` hands torrents to the worker; `describe_entry.ts` and `disk_use.ts` report.
 *
 * The layout of the seed directory is in `src/store`, verification in `src/package`, BitTorrent in the worker.
 *
 * @module
 */

export { describeEntry } from "./describe_entry.ts";
export { DiskUse } from "./disk_use.ts";
export { Downloads } from "./downloads.ts";
export { Packages } from "./packages.ts";
export { SeededCatalogs } from "./seeded_catalogs.ts";
export { catalogSeederOf, seederOf } from "./seeder.ts";
export { Seeding } from "./seeding.ts";
