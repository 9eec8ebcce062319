/**
 * Reads descriptions of packages from the archives in the seed directory, for a list of many packages.
 * The work is bounded: few archives are read, and of each only the beginning.
 *
 * @module
 */

import semver from "semver";
import { LibreseedError } from "../base/mod.ts";
import { parsePublicKey } from "../identity/mod.ts";
import { type ArchiveLimits, type MinimalManifest, readBeginning } from "../package/mod.ts";
import type { ValidSeedEntry } from "../store/mod.ts";
import { partsOf } from "./beginning.ts";

/** Maximum number of archives that are read. Each takes a few milliseconds. */
const MAX_READ = 500;
/** Maximum number of bytes of each archive that are read. A manifest of 3,000 files is shorter. */
const MAX_BYTES = 256 * 1024;

/** Descriptions by publisher and name of the package. */
export class Descriptions {
  readonly #texts = new Map<string, string>();

  /**
   * Reads the descriptions of packages: of each, the one in its highest version in the seed directory.
   * An archive without a description, with a longer manifest, or with damage, is left out.
   *
   * @param entries the archives, in the order in which they are read
   */
  static async read(
    entries: readonly ValidSeedEntry[],
    limits: ArchiveLimits,
    signal?: AbortSignal,
  ): Promise<Descriptions> {
    const highest = new Map<string, ValidSeedEntry>();
    for (const entry of entries) {
      const other = highest.get(keyOf(entry.minimal));
      if (!other || semver.gt(entry.version, other.version)) {
        highest.set(keyOf(entry.minimal), entry);
      }
    }
    const descriptions = new Descriptions();
    for (const [key, entry] of [...highest].slice(0, MAX_READ)) {
      signal?.throwIfAborted();
      const text = await descriptionOf(entry, limits, signal);
      if (text !== undefined) descriptions.#texts.set(key, text);
    }
    return descriptions;
  }

  /** Returns the description of a package in any version; `undefined` if it is not known. */
  of(minimal: MinimalManifest): string | undefined {
    return this.#texts.get(keyOf(minimal));
  }
}

async function descriptionOf(
  { archivePath, minimal }: ValidSeedEntry,
  limits: ArchiveLimits,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const publicKey = parsePublicKey(minimal.pubkey);
  const lengthBytes = Math.min(minimal.length, MAX_BYTES);
  const chunks = partsOf({ end: lengthBytes, open: () => Deno.open(archivePath) });
  try {
    return (await readBeginning({ minimal, publicKey, limits, signal, chunks })).description;
  } catch (error) {
    signal?.throwIfAborted();
    // Verifying archives is the business of other commands.
    if (error instanceof LibreseedError || error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function keyOf({ pubkey, name }: MinimalManifest): string {
  return `${pubkey}/${name}`;
}
