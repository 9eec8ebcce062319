/**
 * The store of unpacked packages that projects link to, `HOME/packages`.
 *
 * `PackageStore` stages an archive (verifies and unpacks it under a temporary name), and commits it
 * to its place in one step. A package's directory is named by its id, a hash of publisher, name and
 * version. Links beside each package lead to its dependencies, and `PackageRoots` remembers the
 * lock files and links that refer to packages from outside, so that `store prune` knows what is
 * needed.
 *
 * Left to others: which packages are wanted, in which versions (`src/install`), and the
 * verification chain (`src/package`). Start reading in `package_store.ts`, which shows the layout
 * on the disk.
 *
 * @module
 */

export { checkStored, readStoredManifest, sizeOfStored } from "./package_check.ts";
export {
  type DamagedPackage,
  isPackageId,
  packageId,
  type PackageName,
  type StoredPackage,
  type StoreEntry,
} from "./package_entry.ts";
export { readLinks, removeStaleLinks, replaceLink } from "./package_links.ts";
export { PackageRoots } from "./package_roots.ts";
export {
  type CommitOptions,
  PackageStore,
  refuseOther,
  StagedPackage,
  type StageOptions,
} from "./package_store.ts";
