/**
 * Chooses the archive that a request to remove a package means.
 *
 * @module
 */

import { archiveFileName } from "../../package/mod.ts";
import type { SeedDirectory, SeedEntry } from "../../store/mod.ts";
import { HostError } from "../errors.ts";

/**
 * Returns the archive to remove. If only the archive file is missing, deletes the manifest and torrent files
 * beside it: a user may have deleted the archive by hand.
 *
 * @param pubkey public key of the publisher (`ed25519:…`); required only if the seed directory has this
 * version from several publishers
 * @throws {HostError} `PACKAGE_NOT_FOUND`, `PACKAGE_AMBIGUOUS`
 */
export async function packageToRemove(
  seeds: SeedDirectory,
  name: string,
  version: string,
  pubkey?: string,
): Promise<SeedEntry> {
  return await findPackage(seeds, name, version, pubkey).catch(async (error) => {
    const isMissing = error instanceof HostError && error.code === "PACKAGE_NOT_FOUND";
    if (isMissing && pubkey === undefined) await seeds.remove(archiveFileName(name, version));
    throw error;
  });
}

/**
 * Returns the archive of a version.
 *
 * @param pubkey as of {@linkcode packageToRemove}
 * @throws {HostError} `PACKAGE_NOT_FOUND`, `PACKAGE_AMBIGUOUS`
 */
export async function findPackage(
  seeds: SeedDirectory,
  name: string,
  version: string,
  pubkey?: string,
): Promise<SeedEntry> {
  const label = `${name}@${version}`;
  const entries = (await seeds.named(name, version))
    .filter((entry) => pubkey === undefined || publisherOf(entry) === pubkey);
  const [entry, ...others] = entries;
  if (!entry) {
    throw new HostError(
      "not-found",
      "PACKAGE_NOT_FOUND",
      `There is no ${label}${
        pubkey === undefined ? "" : ` by ${pubkey}`
      } in the seed directory ${seeds.path}`,
      { detail: { unknownName: name } },
    );
  }
  if (others.length > 0) {
    const publishers = entries.map(publisherOf).filter((one) => one !== undefined);
    throw new HostError(
      "usage",
      "PACKAGE_AMBIGUOUS",
      `Several publishers' ${label} are in the seed directory. Name one: ${
        publishers.map((one) => `${one}/${label}`).join(", ")
      }`,
      { detail: { publishers } },
    );
  }
  return entry;
}

/** Returns the publisher of an archive; `undefined` if the manifest is not readable. */
export function publisherOf(entry: SeedEntry): string | undefined {
  return entry.problem === undefined ? entry.minimal.pubkey : undefined;
}
