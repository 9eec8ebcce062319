/**
 * Repairs packages in the store whose files were changed or removed, from their archives in the seed
 * directory. Does not use the network: `libreseed install --force` does, if an archive is not there.
 *
 * @module
 */

import type { ArchiveLimits } from "../package/mod.ts";
import {
  type PackageStore,
  readLinks,
  type SeedDirectory,
  type StoredPackage,
} from "../store/mod.ts";

/**
 * Replaces a stored package by a copy with the right files. The intact files of the package, and of other
 * versions, are linked into it; so only the others are written, as new files. Its links to dependencies
 * and its mark as a package that was installed by name stay.
 *
 * @returns whether the archive was in the seed directory
 * @throws {PackageError} kind `verification` if the archive is damaged, too
 * @throws {StoreError} `DIRECTORY_BUSY`, and the errors of the file system
 */
export async function repairStored(
  store: PackageStore,
  seeds: SeedDirectory,
  { minimal, directory, direct }: StoredPackage,
  options: { limits: ArchiveLimits; signal?: AbortSignal },
): Promise<boolean> {
  const archive = await seeds.find(minimal);
  if (archive?.minimal.archiveSha256 !== minimal.archiveSha256) return false;
  await store.ensure();
  using _lock = await store.lock("add", options.signal);
  // Not `using`: the minifier would remove the declaration, and the files of a failed commit would stay.
  const staged = await store.stage(minimal, archive.archivePath, options);
  try {
    await staged.commit({ links: await readLinks(directory), direct, replace: true });
  } finally {
    await staged[Symbol.asyncDispose]();
  }
  return true;
}
