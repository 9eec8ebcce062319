/**
 * Publishing: pack or take an archive, keep it in the seed directory, put its records into the DHT,
 * see that it is seeded. Runs in the command's process, which has the key; the owner of the engine
 * gets signed bytes only.
 *
 * @module
 */

import { dirname, join, resolve } from "node:path";
import { type Clock, isOfFuture, LibreseedError, refuseEarlyClock, toHex } from "../base/mod.ts";
import { formatPublicKey, type KeyPair } from "../identity/mod.ts";
import {
  type ArchiveLimits,
  formatSha256,
  type FullManifest,
  type LeaveOut,
  minimalFileName,
  type MinimalManifest,
  packDirectory,
  parseMinimal,
  signMinimal,
  takeArchive,
  verifyArchive,
} from "../package/mod.ts";
import {
  createTemporaryDirectory,
  type SeedDirectory,
  type SeedFiles,
  type ValidSeedEntry,
} from "../store/mod.ts";
import { DaemonError, named } from "./errors.ts";
import type { ListedPackages } from "./listed.ts";
import { updateAnnounceRecord, updateNameIndex } from "./publisher_records.ts";
import { magnetOf } from "./manifest_item.ts";
import type { Operations, PutJson } from "./operations.ts";
import { itemToPut, storeManifest } from "./put_manifest.ts";
import { readBack } from "./read_back.ts";

/** What packing or taking an archive works with. */
export interface PrepareContext {
  /** There already. */
  seeds: SeedDirectory;
  clock: Clock;
  limits: ArchiveLimits;
  /** Seconds; see reproducible-builds.org/specs/source-date-epoch. */
  sourceDateEpoch?: number;
  signal?: AbortSignal;
  /** Hears each step, for people. */
  onStep?: (message: string) => void;
}

/** What publishing works with. */
export interface PublishContext extends PrepareContext {
  operations: Operations;
  /** Hears of an archive that is in place and was verified, so that nobody has to do it again. */
  onVerified?: (entry: ValidSeedEntry) => void;
  /** What this home knows of the publisher's list. */
  listed?: ListedPackages;
  /** The caller adds the package to the publisher's list, with {@linkcode updateAnnounceRecord}. */
  listsLater?: boolean;
  /** Hears what is not as it should be. */
  onWarning?: (message: string) => void;
}

/** What to publish. */
export interface PublishRequest {
  /** A directory to pack, or a ready archive (`.tgz`). */
  path: string;
  /** Reads the publisher's key. */
  signer: () => Promise<KeyPair>;
  name?: string;
  version?: string;
  /** What of a directory is left out; by the package's rules unless given. */
  leaveOut?: LeaveOut;
  /** Directories that no package holds, see `SelectOptions`. */
  neverPack?: readonly string[];
}

/** A published package. */
export interface Published {
  minimal: MinimalManifest;
  magnet: string;
  archivePath: string;
  /** What became of the manifest record. */
  outcome: PutJson;
  /** Whether somebody seeds it now. */
  seeding: boolean;
}

/**
 * Publishes one directory or archive, if need be one that {@linkcode prepare} was asked for before. When this resolves, the archive is in the seed directory and
 * its record is on at least one node; when it rejects with `DHT_UNREACHABLE`, both are kept for
 * `announce`. What is bad, or published already with other bytes, is not kept.
 *
 * @throws {PackageError} what packing and verifying throw
 * @throws {StoreError} `VERSION_EXISTS` if the seed directory has the version with other bytes
 * @throws {DaemonError} `VERSION_TAKEN` if the DHT has the version with other bytes,
 * `NO_MINIMAL_MANIFEST`, `NOT_THE_PUBLISHER`, `DHT_UNREACHABLE` (kind `network`)
 */
export async function publish(
  context: PublishContext,
  request: PublishRequest,
  prepared: Promise<Ready> = prepare(context, request),
): Promise<Published> {
  const { operations, clock, seeds, signal } = context;
  await using ready = await prepared;
  const { minimal } = ready.files;
  const label = `${minimal.name}@${minimal.version}`;
  // Asked before the archive gets its place: what the DHT has with other bytes must not be seeded.
  const item = await itemToPut(context, request.signer, minimal);
  const entry = await seeds.put({ ...ready.files, signal });
  context.onVerified?.(entry);
  context.onStep?.(`putting the record of ${label} into the DHT`);
  const outcome = await storeManifest(operations, minimal, item, signal);
  if (!("kind" in outcome) && outcome.weak) {
    context.onWarning?.(
      `the record of ${label} is weak: ${outcome.holding} of ${outcome.responded} nodes hold it`,
    );
  }
  const { daemon } = await operations.status();
  if (daemon) await operations.add({ fileName: entry.fileName });
  // The announce record is written after the manifest's: it must not name what cannot be found yet.
  const keys = await request.signer();
  if ("kind" in outcome) {
    // Signed and kept, for `announce`; that they are in no DHT either goes without saying.
    const offline = { ...context, blind: true, onWarning: undefined };
    await Promise.all([
      updateAnnounceRecord(offline, keys, [minimal], clock.now()),
      updateNameIndex(offline, keys, minimal),
    ]);
    throw outcome;
  }
  if (!context.listsLater) await updateAnnounceRecord(context, keys, [minimal], clock.now());
  const isIndexed = await updateNameIndex(context, keys, minimal);
  for (const problem of await readBack(context, minimal, isIndexed)) context.onWarning?.(problem);
  return {
    minimal,
    magnet: magnetOf(minimal),
    archivePath: entry.archivePath,
    outcome,
    seeding: daemon,
  };
}

/** An archive that can be put into the seed directory. Disposing removes what only led to it. */
export interface Ready extends AsyncDisposable {
  files: SeedFiles;
}

/**
 * Packs a directory, or verifies and copies an archive, for {@linkcode publish}: it needs no engine, so
 * it may be begun before there is one. Throws what `publish` throws of the archive, and
 * {@linkcode LibreseedError} `CLOCK_BEHIND`.
 */
export async function prepare(context: PrepareContext, request: PublishRequest): Promise<Ready> {
  const { path } = request;
  refuseEarlyClock(context.clock.now());
  const isDirectory = (await Deno.stat(path).catch((cause) => {
    throw cause instanceof Deno.errors.NotFound ? nothingToPublish(path, cause) : cause;
  })).isDirectory;
  context.onStep?.(isDirectory ? `packing ${path}` : `verifying ${path}`);
  // In the seed directory, so that the archive is moved and not copied to its place.
  const temporary = await createTemporaryDirectory(context.seeds.path);
  const directory = temporary.path;
  const remove = async () => {
    await Deno.remove(directory, { recursive: true }).catch(() => {});
    temporary[Symbol.dispose]();
  };
  try {
    const take = isDirectory ? pack : takeReady;
    return { files: await take(context, request, directory), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** A `NOTHING_TO_PUBLISH`. */
export function nothingToPublish(path: string, cause: Error): DaemonError {
  const message = `There is no file or directory at ${path}`;
  return new DaemonError("not-found", "NOTHING_TO_PUBLISH", message, { cause });
}

async function pack(
  context: PrepareContext,
  { path, name, version, signer, leaveOut, neverPack }: PublishRequest,
  outDir: string,
): Promise<SeedFiles> {
  const { clock, sourceDateEpoch, limits, signal } = context;
  const { archivePath, minimal, full, torrent } = await packDirectory({
    dir: path,
    name,
    version,
    leaveOut,
    neverPack,
    outDir,
    signer: await signer(),
    timestampMs: clock.now(),
    sourceDateEpoch,
    limits,
    signal,
  });
  const kept = await keptWithSameContents(context, minimal, full);
  if (kept) return await takeReady(context, { path: kept, signer }, outDir);
  return { archivePath, minimal, torrent, move: true, verified: true };
}

/**
 * The archive in the seed directory that says the same in other bytes: another version of libreseed
 * may have compressed it otherwise. What is published already stays as it is then.
 */
async function keptWithSameContents(
  { seeds, limits, signal }: PrepareContext,
  minimal: MinimalManifest,
  { signature }: FullManifest,
): Promise<string | undefined> {
  const kept = await seeds.find(minimal);
  if (!kept || kept.minimal.infohash === minimal.infohash) return undefined;
  const { archivePath, minimal: beside } = kept;
  try {
    const { full } = await verifyArchive({ archivePath, minimal: beside, limits, signal });
    // Ed25519 makes one signature of one key and one text, so it stands for all that is signed.
    return full.signature === signature ? archivePath : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    // A damaged one is the seed directory's to refuse or to replace.
    if (error instanceof LibreseedError) return undefined;
    throw error;
  }
}

/** What is published is a copy, so that it stays as it is whatever becomes of the file. */
async function takeReady(
  { clock, limits, signal, seeds }: PrepareContext,
  { path, name, version, signer }: PublishRequest,
  outDir: string,
): Promise<SeedFiles> {
  const beside = await minimalBeside(path);
  const isInPlace = resolve(dirname(path)) === seeds.path;
  const copyTo = isInPlace ? undefined : join(outDir, "archive");
  const keys = await signer();
  const taken = await takeArchive({
    archivePath: path,
    minimal: beside,
    ownKey: keys.publicKey,
    copyTo,
    limits,
    signal,
  }).catch((error) => {
    throw named(error, path);
  });
  const { full, torrent } = taken;
  for (
    const [given, own, flag] of [[name, full.name, "--name"], [version, full.version, "--version"]]
  ) {
    if (given === undefined || given === own) continue;
    throw new DaemonError(
      "usage",
      "ARCHIVE_IS_READY",
      `${path} is ${full.name}@${full.version} and signed as that; ${flag} ${given} cannot change it`,
    );
  }
  if (formatPublicKey(keys.publicKey) !== full.pubkey) {
    throw new DaemonError(
      "failed",
      "NOT_THE_PUBLISHER",
      `${path} is signed by ${full.pubkey}, not by this home's key. \`libreseed add\` seeds it without publishing it`,
    );
  }
  // A time that a clock wrote that was ahead is not carried on.
  const isKept = beside !== undefined && !isOfFuture(beside.timestamp, clock.now());
  const minimal = isKept ? beside : signMinimal({
    name: full.name,
    version: full.version,
    infohash: formatSha256(taken.sha256),
    btih: toHex(taken.infoHash),
    length: taken.lengthBytes,
    timestamp: clock.now(),
  }, keys);
  if (copyTo === undefined) return { archivePath: path, minimal, torrent };
  return { archivePath: copyTo, minimal, torrent, move: true, verified: true };
}

/** The minimal manifest beside an archive, if there is one. */
export async function minimalBeside(archivePath: string): Promise<MinimalManifest | undefined> {
  try {
    return parseMinimal(await Deno.readFile(minimalFileName(archivePath)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
