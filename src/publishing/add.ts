/**
 * Implements `libreseed add`: seeds an archive of any publisher, and keeps its manifest record alive.
 *
 * @module
 */

import { named, type Operations } from "../control/mod.ts";
import { isNetworkError, lookUpRecord, webSeedsBeside } from "../fetching/mod.ts";
import {
  archiveFileName,
  type ArchiveLimits,
  describeArchive,
  minimalFileName,
  type MinimalManifest,
  refuseForeign,
  SecretCheck,
  signingKeyOf,
  type StartThread,
  torrentFileName,
  unmatchedPaths,
  verifyArchive,
  withWebSeeds,
} from "../package/mod.ts";
import { manifestSalt } from "../records/mod.ts";
import type { SeedDirectory, ValidSeedEntry } from "../store/mod.ts";
import { PublishingError } from "./errors.ts";
import { isKnownArchive, minimalBeside } from "./prepare.ts";

/** The dependencies of adding another publisher's archive to the seed directory. */
export interface AddContext {
  operations: Operations;
  seeds: SeedDirectory;
  limits: ArchiveLimits;
  /** Paths of files in the archive that are allowed to contain secrets. */
  allowSecrets?: readonly string[];
  /** Starts a thread that hashes. */
  startThread?: StartThread;
  signal?: AbortSignal;
  /** Called with the patterns of `allowSecrets` that match no file of the archive. */
  onUnmatched?: (paths: string[]) => void;
  /**
   * Called with the archive that was verified and moved to its final path. The callback saves the result,
   * so that other processes need not verify the archive again.
   */
  onVerified?: (entry: ValidSeedEntry) => void;
}

/** The dependencies of checking an archive. `seeds` is absent if the home directory does not exist. */
export type CheckContext =
  & Pick<AddContext, "limits" | "allowSecrets" | "signal" | "onUnmatched">
  & Partial<Pick<AddContext, "seeds">>;

/**
 * Verifies an archive against the minimal manifest file beside it, and searches the archive for secrets.
 * Writes nothing.
 *
 * @throws {PublishingError} `NOTHING_TO_ADD` (kind `not-found`), `NO_MINIMAL_MANIFEST` (kind `usage`)
 * @throws {PackageError} `SECRET_FOUND`, or the error of a failed verification step
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
  const secrets = isKnown ? undefined : await SecretCheck.create(allowSecrets);
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
 * Verifies an archive, copies it into the seed directory and starts to seed it. The web seeds in the
 * `.torrent` beside it are kept. If the DHT has the manifest
 * record of the archive, keeps the record alive.
 *
 * @param checked result of {@linkcode checkArchive}, if the caller has checked the archive already
 * @throws {PublishingError} `NOTHING_TO_ADD` (kind `not-found`), `NO_MINIMAL_MANIFEST` (kind `usage`)
 * @throws {PackageError} `SECRET_FOUND`, or the error of a failed verification step
 */
export async function addArchive(
  context: AddContext,
  archivePath: string,
  checked?: MinimalManifest,
): Promise<ValidSeedEntry> {
  const { operations, seeds, startThread, signal, onVerified } = context;
  const minimal = checked ?? await checkArchive(context, archivePath);
  const { name, version } = minimal;
  const { torrent } = await describeArchive(archivePath, {
    name: archiveFileName(name, version),
    startThread,
    signal,
  });
  const webSeeds = await webSeedsBeside(torrentFileName(archivePath));
  const entry = await seeds.put({
    archivePath,
    minimal,
    torrent: withWebSeeds(torrent, webSeeds),
    signal,
  });
  onVerified?.(entry);
  const { daemon } = await operations.status();
  if (daemon) await operations.add({ fileName: entry.fileName });
  const publicKey = signingKeyOf(minimal);
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
    // Without the DHT the archive is seeded all the same, so network errors are ignored.
    if (!isNetworkError(error)) throw error;
  }
  return entry;
}

function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, (error) => !(error instanceof Deno.errors.NotFound));
}
