/**
 * Installs packages into a store and into projects: dependency resolution, the lock file, links.
 * Runs in the command's thread. Code of a package never runs.
 *
 * An installation goes through three types:
 *
 * - `Requirement` (`src/fetching`): `[KEY/]NAME[@RANGE]`, from the command line or a manifest.
 * - `Graph` (`dependency_graph.ts`): all packages of one installation and their dependencies.
 *   `resolveGraph` (`dependencies.ts`) builds a graph from requirements, breadth first and within
 *   limits, then removes versions that are not needed. `lock_graph.ts` builds a graph from a lock
 *   file.
 * - `Installation` (`installation.ts`): fetches, verifies and unpacks each package in a temporary
 *   place, and moves all of them into the store at the end, so a failed installation installs
 *   nothing.
 *
 * Start reading in `install.ts`, which joins these types for `install` and `install --frozen`.
 * `InstallContext` holds the functions that find and fetch packages.
 * `src/cli/running/offline_first.ts` provides these functions: first without the network, then with
 * it.
 *
 * - `lock_file.ts` is the format of `libreseed.lock.json`, `project_lock.ts` updates the file,
 *   `lock_agreement.ts` compares it with signed manifests and with the user's pins.
 * - `outdated.ts` compares what is held with what publishers list, `upgrade.ts` installs what is newer.
 * - `stored.ts` finds packages in the store, `prune.ts` removes unreferenced packages, `link.ts`
 *   links a package into a project, `repair.ts` repairs a package whose files were changed.
 *
 * Left to other rooms: trust in publishers (`src/names`), downloads (`src/fetching`), the files of
 * the store (`src/store`).
 *
 * @module
 */

export type { InstallContext, Installed, InstalledPackage } from "./context.ts";
export { foundByBareName } from "./dependency_graph.ts";
export { install, installLocked } from "./install.ts";
export { linkPackage } from "./link.ts";
export { LOCK_FILE_NAME, readLockFile } from "./lock_file.ts";
export {
  type Held,
  heldByLock,
  heldByName,
  isOutdated,
  type Newest,
  newestOf,
} from "./outdated.ts";
export { requireLockFile } from "./project_lock.ts";
export { pruneStore, uninstall } from "./prune.ts";
export { repairStored } from "./repair.ts";
export { listStored, storedLike } from "./stored.ts";
export { upgradeInstalled, upgradeLocked, type UpgradeOutcome } from "./upgrade.ts";
