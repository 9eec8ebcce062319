/**
 * Adds an archive of any publisher: seeds it, and keeps its record alive.
 *
 * @module
 */

import { named, type Operations } from "../control/mod.ts";
import { isNetworkError, lookUpRecord } from "../fetching/mod.ts";
import { parsePublicKey } from "../identity/mod.ts";
import {
  archiveFileName,
  type ArchiveLimits,
  describeArchive,
  minimalFileName,
  type MinimalManifest,
  refuseForeign,
  SecretCheck,
  unmatchedPaths,
  verifyArchive,
} from "../package/mod.ts";
import { manifestSalt } from "../records/mod.ts";
import type { SeedDirectory, ValidSeedEntry } from "../store/mod.ts";
import { PublishingError } from "./errors.ts";
import { isKnownArchive, minimalBeside } from "./prepare.ts";

/** The dependencies of adding an archive. */
export interface AddContext {
  operations: Operations;
  seeds: SeedDirectory;
  limits: ArchiveLimits;
  /** Paths in the archive that may hold secrets. */
  allowSecrets?: readonly string[];
  signal?: AbortSignal;
  /** Receives the patterns of `allowSecrets` that match no file of the archive. */
  onUnmatched?: (paths: string[]) => void;
  /** Records that an archive in its final place was verified, so that no other process repeats it. */
  onVerified?: (entry: ValidSeedEntry) => void;
}

/** The dependencies of checking an archive; `seeds` only if the home exists. */
export type CheckContext =
  & Pick<AddContext, "limits" | "allowSecrets" | "signal" | "onUnmatched">
  & Partial<Pick<AddContext, "seeds">>;

/**
 * Verifies an archive against the minimal manifest beside it, and searches it for secrets. Writes nothing.
 *
 * @throws {PublishingError} `NOTHING_TO_ADD` (kind `not-found`), `NO_MINIMAL_MANIFEST` (kind `usage`)
 * @throws {PackageError} `SECRET_FOUND`, or the failed step of the verification chain
 */
export async function checkArchive(
  { seeds, limits, allowSecrets, signal, onUnmatched }: CheckContext,
  archivePath: string,
): Promise<MinimalManifest> {
  await refuseForeign(archivePath);
  const minimal = await minimalBeside(archivePath);
  if (!minimal) {
    if (!await exists(archivePath)) {
      throw new PublishingError("not-found", "NOTHING_TO_ADD", `There is no file ${archivePath}`);
    }
    throw new PublishingError(
      "usage",
      "NO_MINIMAL_MANIFEST",
      `${minimalFileName(archivePath)} is missing; the archive cannot be verified without it`,
    );
  }
  const isKnown = seeds !== undefined && await isKnownArchive(seeds, minimal);
  const secrets = isKnown ? undefined : new SecretCheck(allowSecrets);
  const { full } = await verifyArchive({ archivePath, minimal, limits, secrets, signal }).catch(
    (error) => {
      throw named(error, archivePath);
    },
  );
  onUnmatched?.(unmatchedPaths(allowSecrets, Object.keys(full.files)));
  secrets?.refuse(archivePath);
  return minimal;
}

/**
 * Verifies an archive, copies it into the seed directory, has it seeded, and keeps its record alive if it
 * has one in the DHT.
 *
 * @param checked result of {@linkcode checkArchive}, if the archive was checked already
 * @throws {PublishingError} `NOTHING_TO_ADD` (kind `not-found`), `NO_MINIMAL_MANIFEST` (kind `usage`)
 * @throws {PackageError} `SECRET_FOUND`, or the failed step of the verification chain
 */
export async function addArchive(
  context: AddContext,
  archivePath: string,
  checked?: MinimalManifest,
): Promise<ValidSeedEntry> {
  const { operations, seeds, signal, onVerified } = context;
  const minimal = checked ?? await checkArchive(context, archivePath);
  const { name, version } = minimal;
  const { torrent } = await describeArchive(archivePath, {
    name: archiveFileName(name, version),
    signal,
  });
  const entry = await seeds.put({ archivePath, minimal, torrent, signal });
  onVerified?.(entry);
  const { daemon } = await operations.status();
  if (daemon) await operations.add({ fileName: entry.fileName });
  const publicKey = parsePublicKey(minimal.pubkey);
  const salt = manifestSalt(name, version);
  try {
    const lookup = await lookUpRecord(operations, { publicKey, salt }, signal);
    if (lookup.kind === "found") {
      await operations.store({
        item: lookup.item,
        record: { kind: "manifest", name, version },
        foreign: true,
      }, { signal });
    }
  } catch (error) {
    signal?.throwIfAborted();
    // The archive is seeded without the DHT, too.
    if (!isNetworkError(error)) throw error;
  }
  return entry;
}

function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, (error) => !(error instanceof Deno.errors.NotFound));
}
