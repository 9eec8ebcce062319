/**
 * Prepares an archive for publishing: packs a directory, or verifies and copies a ready archive. Does not
 * use the network. `publish.ts` publishes the result.
 *
 * @module
 */

import { dirname, join, resolve } from "node:path";
import {
  type Clock,
  equalBytes,
  isOfFuture,
  LibreseedError,
  refuseEarlyClock,
  toHex,
} from "../base/mod.ts";
import { named } from "../control/mod.ts";
import { webSeedsBeside } from "../fetching/mod.ts";
import { formatPublicKey, identityOf, type Signer } from "../identity/mod.ts";
import {
  type AllowedSecrets,
  type ArchiveLimits,
  type Contents,
  contentsOfPaths,
  contentsOfSelection,
  formatSha256,
  isUnchanged,
  type LeaveOut,
  minimalFileName,
  type MinimalManifest,
  nameDirectory,
  namingFullDisk,
  packDirectory,
  type PackProgress,
  parseMinimal,
  refuseForeign,
  SecretCheck,
  type SecretDetector,
  selectDirectory,
  type SelectOptions,
  signingKeyOf,
  signMinimal,
  type StartThread,
  takeArchive,
  torrentFileName,
  verifyArchive,
} from "../package/mod.ts";
import {
  createTemporaryDirectory,
  type SeedDirectory,
  type SeedFiles,
  wasSearched,
} from "../store/mod.ts";
import { PublishingError } from "./errors.ts";

/** The dependencies of preparing an archive. */
export interface PrepareContext {
  /** Seed directory of the publisher's home. The directory must exist. */
  seeds: SeedDirectory;
  clock: Clock;
  limits: ArchiveLimits;
  /** Detector of secrets. Several packages may share a detector, since loading its rules takes time. */
  detector?: SecretDetector;
  /**
   * Path of the file that names the archives that `pack` has searched for secrets, which are not
   * searched again. If absent, every ready archive is searched.
   */
  searchedPath?: string;
  /**
   * Timestamp for reproducible archives (Unix seconds), see
   * reproducible-builds.org/specs/source-date-epoch.
   */
  sourceDateEpoch?: number;
  /** Starts a thread that compresses and hashes. */
  startThread?: StartThread;
  signal?: AbortSignal;
  /** Called with a message for the user at each step. */
  onStep?: (message: string) => void;
  /** Called with the contents of the package before the package is published. */
  onContents?: (contents: Contents) => void;
  /** Called with the progress of packing the directory at `path`. */
  onProgress?: (path: string, progress: PackProgress) => void;
}

/** A request to publish a directory or an archive. */
export interface PublishRequest {
  /** Path of a directory to pack, or of a ready archive (`.tgz`). */
  path: string;
  /** Returns the signer of this home's publisher. The launcher, which alone opens the key, signs. */
  signer: () => Promise<Signer>;
  name?: string;
  version?: string;
  /** Rules for the files of the directory that are not packed. If absent, the package's own rules apply. */
  leaveOut?: LeaveOut;
  /** Paths of files in the package that are allowed to contain secrets. */
  allowSecrets?: AllowedSecrets;
  /**
   * URLs of web seeds of the archive; empty for none. If absent, the web seeds that were named before are
   * kept: those of the record, or of the `.torrent` beside a ready archive.
   */
  webSeeds?: readonly string[];
  /** A tag that the published version gets, see `isTag` of `src/base`. */
  tag?: string;
  /** Directories that are never packed, see `SelectOptions`. */
  neverPack?: readonly string[];
  /** As in `SelectOptions` of `src/package`. */
  describe?: SelectOptions["describe"];
}

/**
 * An archive that can be moved into the seed directory. Disposing of this object deletes its temporary
 * files.
 */
export interface Ready extends AsyncDisposable {
  files: SeedFiles;
  /** Web seeds that the request, or the `.torrent` beside the archive, names; absent if neither does. */
  webSeeds?: readonly string[];
}

/**
 * Packs a directory, or verifies and copies an archive. Needs no engine, so this function may run in
 * parallel with the start of the engine.
 *
 * @throws {LibreseedError} `CLOCK_BEHIND`
 * @throws {PublishingError} `NOTHING_TO_PUBLISH`, `ARCHIVE_IS_READY`, `NOT_THE_PUBLISHER`
 * @throws {PackageError} errors of packing, or the error of a failed verification step
 */
export async function prepare(context: PrepareContext, request: PublishRequest): Promise<Ready> {
  const { path } = request;
  refuseEarlyClock(context.clock.now());
  const isDirectory = (await Deno.stat(path).catch((cause) => {
    throw cause instanceof Deno.errors.NotFound ? nothingToPublish(path, cause) : cause;
  })).isDirectory;
  context.onStep?.(isDirectory ? `packing ${path}` : `verifying ${path}`);
  // The temporary directory is inside the seed directory, so that the archive can be renamed instead of
  // copied.
  const temporary = await createTemporaryDirectory(context.seeds.path);
  const directory = temporary.path;
  const remove = async () => {
    await Deno.remove(directory, { recursive: true }).catch(() => {});
    temporary[Symbol.dispose]();
  };
  try {
    const take = isDirectory ? pack : copyReady;
    const need = {
      what: path,
      directory: context.seeds.path,
      neededBytes: async () => isDirectory ? undefined : (await Deno.stat(path)).size,
      otherwise: "give another directory with --dir",
    };
    const files = await namingFullDisk(need, () => take(context, request, directory));
    const beside = isDirectory ? [] : await webSeedsBeside(torrentFileName(path));
    const webSeeds = request.webSeeds ?? (beside.length > 0 ? beside : undefined);
    return { files, webSeeds, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Creates the error `NOTHING_TO_PUBLISH` for a path. */
export function nothingToPublish(path: string, cause: Error): PublishingError {
  const message = `There is no file or directory at ${path}`;
  return new PublishingError("not-found", "NOTHING_TO_PUBLISH", message, { cause });
}

async function pack(
  context: PrepareContext,
  { path, name, version, signer, leaveOut, neverPack, describe, allowSecrets }: PublishRequest,
  outDir: string,
): Promise<SeedFiles> {
  const { clock, sourceDateEpoch, limits, signal, detector, onContents, onProgress } = context;
  const { startThread } = context;
  const keys = await signer();
  const choice = { dir: path, name, version, leaveOut, neverPack, describe, limits, signal };
  const kept = await keptArchive(context, choice, keys);
  if (kept) {
    const request = { path: kept.archivePath, signer, allowSecrets };
    return await copyReady(context, request, outDir, kept.fileBytes);
  }
  const { archivePath, minimal, torrent } = await packDirectory({
    ...choice,
    allowSecrets,
    detector,
    outDir,
    signer: keys,
    timestampMs: clock.now(),
    sourceDateEpoch,
    startThread,
    onSelected: (selection) => onContents?.(contentsOfSelection(selection, allowSecrets)),
    onProgress: (progress) => onProgress?.(path, progress),
  });
  return { archivePath, minimal, torrent, move: true, verified: true };
}

/**
 * Finds the archive of the same version in the seed directory, if the source directory still has the same
 * contents. This archive is reused, because packing again could give other bytes: another release of
 * libreseed may select or compress files differently. A published version must not change.
 */
async function keptArchive(
  { seeds, limits, signal, sourceDateEpoch }: PrepareContext,
  options: SelectOptions,
  signer: Signer,
): Promise<{ archivePath: string; fileBytes: number } | undefined> {
  const { name, version } = await nameDirectory(options);
  const pubkey = formatPublicKey(identityOf(signer));
  const kept = await seeds.find({ name, version, pubkey });
  if (!kept) return undefined;
  const { archivePath, minimal } = kept;
  try {
    let fileBytes = 0;
    const onFile = (_path: string, bytes: number) => fileBytes += bytes;
    const { full } = await verifyArchive({ archivePath, minimal, limits, signal, onFile });
    const selection = await selectDirectory(options);
    const isSame = await isUnchanged(full, selection, { sourceDateEpoch, signal });
    return isSame ? { archivePath, fileBytes } : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    // The archive in the seed directory is damaged, so it is not reused. `SeedDirectory.put` handles it
    // later.
    if (error instanceof LibreseedError) return undefined;
    throw error;
  }
}

/**
 * Verifies a ready archive and copies it, so that later changes of the file do not affect the package.
 *
 * @param fileBytes total length of the files in the archive, if the user gave the source directory
 */
async function copyReady(
  context: PrepareContext,
  { path, name, version, signer, allowSecrets }: PublishRequest,
  outDir: string,
  fileBytes?: number,
): Promise<SeedFiles> {
  const { clock, limits, signal, seeds, detector, startThread, onContents, searchedPath } = context;
  await refuseForeign(path);
  const beside = await minimalBeside(path);
  const isKnown = beside !== undefined && (await isKnownArchive(seeds, beside) ||
    searchedPath !== undefined && wasSearched(searchedPath, beside.archiveSha256));
  const isInPlace = resolve(dirname(path)) === seeds.path;
  const copyTo = isInPlace ? undefined : join(outDir, "archive");
  const keys = await signer();
  const taken = await takeArchive({
    archivePath: path,
    minimal: beside,
    ownKey: keys.publicKey,
    copyTo,
    limits,
    secrets: isKnown ? undefined : await SecretCheck.create(allowSecrets, detector),
    startThread,
    signal,
  }).catch((error) => {
    throw named(error, path);
  });
  const { full, torrent } = taken;
  for (
    const [given, own, flag] of [[name, full.name, "--name"], [version, full.version, "--version"]]
  ) {
    if (given === undefined || given === own) continue;
    throw new PublishingError(
      "usage",
      "ARCHIVE_IS_READY",
      `${path} is ${full.name}@${full.version} and signed as that; ${flag} ${given} cannot change it`,
    );
  }
  if (formatPublicKey(identityOf(keys)) !== full.pubkey) {
    throw new PublishingError(
      "failed",
      "NOT_THE_PUBLISHER",
      `${path} is by ${full.pubkey}, not by this home's publisher. \`libreseed add\` seeds it without publishing it`,
    );
  }
  const { lengthBytes } = taken;
  const paths = Object.keys(full.files);
  onContents?.(contentsOfPaths(full, paths, fileBytes ?? lengthBytes, allowSecrets));
  // A manifest is signed again if it is dated in the future, because the clock was wrong, or if another
  // key of this publisher has signed it: this home can put records of its own key only.
  const isKept = beside !== undefined && !isOfFuture(beside.timestamp, clock.now()) &&
    equalBytes(signingKeyOf(beside), keys.publicKey);
  const minimal = isKept ? beside : await signMinimal({
    name: full.name,
    version: full.version,
    archiveSha256: formatSha256(taken.sha256),
    btih: toHex(taken.infoHash),
    length: lengthBytes,
    timestamp: clock.now(),
  }, keys);
  if (copyTo === undefined) return { archivePath: path, minimal, torrent };
  return { archivePath: copyTo, minimal, torrent, move: true, verified: true };
}

/**
 * Whether the seed directory has the archive of the given manifest, and the archive was verified before.
 * Such an archive was searched for secrets before, or is public already.
 */
export async function isKnownArchive(
  seeds: SeedDirectory,
  minimal: MinimalManifest,
): Promise<boolean> {
  const there = await seeds.find(minimal);
  return there?.minimal.archiveSha256 === minimal.archiveSha256 &&
    seeds.known?.(there.archivePath) !== undefined;
}

/** Reads the minimal manifest file beside an archive. Returns `undefined` if there is no such file. */
export async function minimalBeside(archivePath: string): Promise<MinimalManifest | undefined> {
  try {
    return parseMinimal(await Deno.readFile(minimalFileName(archivePath)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
