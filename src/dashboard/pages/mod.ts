/**
 * The pages of the dashboard, one file each. `../routes.ts` has their addresses.
 *
 * @module
 */

export { DhtPage } from "./dht.tsx";
export { LogPage } from "./log.tsx";
export { NamesPage } from "./names.tsx";
export { NowPage } from "./now.tsx";
export { PackagePage } from "./package.tsx";
export { PackagesPage } from "./packages.tsx";
export { PublishersPage } from "./publishers.tsx";
export { RecordsPage } from "./records.tsx";
export { SettingsPage } from "./settings.tsx";
