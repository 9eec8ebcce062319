/**
 * Removes a package from the home: its archive, its records and its name.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import type { RequestOf } from "../control/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import type { SeedDirectory } from "../store/mod.ts";
import type { KeptRecords, NameKeeper } from "./records/mod.ts";
import type { Packages } from "./seeding/mod.ts";
import type { WorkerHandle } from "./thread/mod.ts";

/** The parts of a host that know a package. */
export interface PackageParts {
  packages: Packages;
  seeds: SeedDirectory;
  records: KeptRecords;
  names: NameKeeper;
  worker: WorkerHandle;
}

/**
 * Removes a package.
 *
 * @throws {LibreseedError} `PACKAGE_NOT_FOUND` if there is neither an archive nor a record
 */
export async function removePackage(
  { name, version, publicKey }: RequestOf<"remove">,
  { packages, seeds, records, names, worker }: PackageParts,
): Promise<void> {
  // The archive is deleted before its records: on a full disk, deleting the archive frees the space
  // that the database needs for deleting the records.
  const pubkey = publicKey && formatPublicKey(publicKey);
  let missing: LibreseedError | undefined;
  const removed = await packages.remove(name, version, pubkey).catch((error) => {
    if (!(error instanceof LibreseedError && error.code === "PACKAGE_NOT_FOUND")) throw error;
    missing = error;
  });
  const isLast = (await seeds.list(name)).length === 0;
  const targets = records.forget(name, version, removed ?? pubkey);
  // A missing archive is an error only if there are no records either. Records without an archive exist
  // if a user deleted the archive by hand, or if the host was killed during a removal.
  if (missing && targets.length === 0) throw missing;
  // The name stays in the index while another version of the package is in the seed directory.
  if (isLast) names.forget(name);
  for (const target of targets) await worker.forgetRecord(target);
}
