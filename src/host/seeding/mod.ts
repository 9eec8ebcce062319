/**
 * Seeding: what lies in the seed directory is verified, seeded, watched; downloads for commands.
 *
 * @module
 */

export { describeEntry } from "./describe_entry.ts";
export { DiskUse } from "./disk_use.ts";
export { Downloads } from "./downloads.ts";
export { limitsOf, Packages } from "./packages.ts";
export { SeededCatalogs } from "./seeded_catalogs.ts";
export { catalogSeederOf, seederOf } from "./seeder.ts";
export { Seeding } from "./seeding.ts";
