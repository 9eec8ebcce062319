/**
 * Packages in a project: dependencies, the store of installed packages, the lock file, links. Runs in
 * the command's process; code of a package never runs.
 *
 * An installation goes through three types:
 *
 * - `Requirement` (`src/fetching`): `[KEY/]NAME[@RANGE]`, from the command line or a manifest.
 * - `Graph` (`dependency_graph.ts`): every package of one installation and what each depends on.
 *   `resolveGraph` (`dependencies.ts`) builds a graph from requirements, breadth first and bounded, then
 *   removes versions that are not needed. `lock_graph.ts` builds the same graph from a lock file.
 * - `Installation` (`installation.ts`): fetches, verifies and unpacks each package beside the store, and
 *   moves all of them into place at the end, so a failure installs nothing.
 *
 * Start reading at `install.ts`, which joins these for `install` and `install --frozen`. `InstallContext`
 * says how packages are found and fetched; `src/cli/running/offline_first.ts` fills it, first without the
 * network and then with it.
 *
 * - `lock_file.ts` is the format of `libreseed.lock.json`, `project_lock.ts` rewrites the file,
 *   `lock_agreement.ts` compares it with signed manifests and with the user's pins.
 * - `stored.ts` picks a package of the store by requirement; `prune.ts` removes unreferenced packages;
 *   `link.ts` links a package into a project.
 *
 * Left to others: whom to trust (`src/names`), downloads (`src/fetching`), the store's files
 * (`src/store`).
 *
 * @module
 */

export { foundByBareName } from "./dependency_graph.ts";
export { install, installLocked } from "./install.ts";
export type { InstallContext, Installed } from "./installation.ts";
export { linkPackage } from "./link.ts";
export { LOCK_FILE_NAME, readLockFile } from "./lock_file.ts";
export { pruneStore, uninstall } from "./prune.ts";
export { listStored, storedLike } from "./stored.ts";
