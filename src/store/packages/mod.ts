/**
 * The store of unpacked packages that projects link to, `HOME/packages`.
 *
 * `PackageStore` installs a package in two steps: `stage` verifies an archive and unpacks it under
 * a temporary name, and `commit` moves the result to its final path atomically. The final directory
 * is named by the package's id, a hash of publisher, name and version. Links beside each package
 * lead to its dependencies. `PackageRoots` remembers the lock files and links outside of the store
 * that refer to packages, so that `store prune` knows which packages are needed.
 *
 * This folder does not choose packages and versions (`src/install` does) and does not define how
 * archives are verified (`src/package` does). Start reading in `package_store.ts`, which shows the
 * layout on the disk.
 *
 * @module
 */

export {
  checkStored,
  readStoredManifest,
  sharedBytesOfStored,
  sizeOfStored,
} from "./package_check.ts";
export {
  type DamagedPackage,
  isPackageId,
  packageId,
  type PackageName,
  type StoredPackage,
  type StoreEntry,
} from "./package_entry.ts";
export { type MakeLink, readLinks } from "./package_links.ts";
export { PackageRoots } from "./package_roots.ts";
export { PackageStore, refuseOther, type StageOptions } from "./package_store.ts";
export { type CommitOptions, StagedPackage } from "./staged_package.ts";
