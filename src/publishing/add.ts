/**
 * Adding somebody's archive: anyone may help to seed it and to keep its record alive.
 *
 * @module
 */

import { named, type Operations } from "../control/mod.ts";
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
import { minimalBeside, wasTakenIn } from "./prepare.ts";

/** What adding works with. */
export interface AddContext {
  operations: Operations;
  seeds: SeedDirectory;
  limits: ArchiveLimits;
  /** Paths in the archive that may hold secrets. */
  allowSecrets?: readonly string[];
  signal?: AbortSignal;
  /** Hears which of `allowSecrets` name no file of the archive. */
  onUnmatched?: (paths: string[]) => void;
  /** Hears of an archive that is in place and was verified, so that nobody has to do it again. */
  onVerified?: (entry: ValidSeedEntry) => void;
}

/** Dependencies of checking an archive; `seeds` only where the home is there already. */
export type CheckContext =
  & Pick<AddContext, "limits" | "allowSecrets" | "signal" | "onUnmatched">
  & Partial<Pick<AddContext, "seeds">>;

/**
 * Verifies an archive with the minimal manifest beside it, and looks for secrets in it. Writes nothing.
 *
 * @throws {PublishingError} `NOTHING_TO_ADD` (kind `not-found`), `NO_MINIMAL_MANIFEST` (kind `usage`)
 * @throws {PackageError} `SECRET_FOUND`, or whichever step of the verification chain failed
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
      `${minimalFileName(archivePath)} is missing: without it nobody could verify the archive`,
    );
  }
  const isTakenIn = seeds !== undefined && await wasTakenIn(seeds, minimal);
  const secrets = isTakenIn ? undefined : new SecretCheck(allowSecrets);
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
 * Verifies an archive, puts it into the seed directory, has it seeded, and keeps its record alive if
 * the DHT has one.
 *
 * @param checked what {@linkcode checkArchive} returned for it, if it was checked already
 * @throws {PublishingError} `NOTHING_TO_ADD` (kind `not-found`), `NO_MINIMAL_MANIFEST` (kind `usage`)
 * @throws {PackageError} `SECRET_FOUND`, or whichever step of the verification chain failed
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
    const { item } = await operations.lookUp({ publicKey, salt }, { signal });
    if (item) {
      await operations.store({
        item,
        record: { kind: "manifest", name, version },
        foreign: true,
      }, { signal });
    }
  } catch (error) {
    signal?.throwIfAborted();
    // Without the DHT the archive is seeded all the same.
    if (!(error instanceof Error && "kind" in error && error.kind === "network")) throw error;
  }
  return entry;
}

function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, (error) => !(error instanceof Deno.errors.NotFound));
}
