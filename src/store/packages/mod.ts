/**
 * The store of unpacked packages that projects link to.
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
