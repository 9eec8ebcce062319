/**
 * Packages in a project: choosing dependencies, the store, the lock file, links. Runs in the command's
 * process.
 *
 * @module
 */

export { settledByName } from "./dependency_graph.ts";
export { install, installLocked } from "./install.ts";
export type { InstallContext, Installed } from "./installation.ts";
export { linkPackage } from "./link.ts";
export { LOCK_FILE_NAME, readLockFile } from "./lock_file.ts";
export { listStored, pruneStore, storedLike, uninstall } from "./stored.ts";
