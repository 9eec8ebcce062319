/**
 * Seeding by the host: verifies, seeds and watches the archives in the seed directory, and downloads
 * archives for commands.
 *
 * - `packages.ts` verifies, seeds, removes and lists the archives in the seed directory, which are in memory
 *   as `seeded_files.ts`. Start reading here.
 * - `seeding.ts` is the daemon's part: it seeds all archives, reacts to changes that `watch.ts` finds, and
 *   keeps records of other publishers alive. `retries.ts` schedules retries of temporary failures.
 * - `seeded_catalogs.ts` seeds catalogs. A superseded catalog is seeded for one more hour.
 * - `downloads.ts` shares one download between all commands that request the same torrent.
 * - `prefix_downloads.ts` downloads the beginnings of archives, and `range_reads.ts` ranges of bytes.
 * - `listing.ts` finds out whether the directory has to be listed at a start.
 * - `seeder.ts` hands torrents to the worker; `count_peers.ts` and `disk_use.ts` provide data for
 *   reports.
 *
 * Other folders define the layout of the seed directory (`src/store`), verify archives (`src/package`) and
 * speak BitTorrent (`src/engine`, in the worker thread).
 *
 * @module
 */

export { countPeers, uploadingOf } from "./count_peers.ts";
export { DiskUse } from "./disk_use.ts";
export type { ObservedDownload } from "./downloads.ts";
export { HostDownloads } from "./host_downloads.ts";
export { otherNamesIn } from "./listing.ts";
export { Packages } from "./packages.ts";
export { RevocationWatch } from "./revocation_watch.ts";
export { SeededCatalogs } from "./seeded_catalogs.ts";
export { catalogSeederOf, seederOf } from "./seeder.ts";
export { Seeding } from "./seeding.ts";
export { findPackage } from "./package_to_remove.ts";
