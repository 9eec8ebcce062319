/**
 * Packs a directory to a signed archive. The same files always produce the same bytes, independent
 * of the directory's path, umask, time zone and order of creation.
 *
 * The archive begins with the list of its gzip members. The members hold the tar entry of
 * `manifest.json` and the files in the order of their paths. List and manifest come first in the archive
 * but depend on the files, so the members of the files are first written to a temporary file while the
 * files' hashes are computed (`archive_parts.ts`). Each source file is read once.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import { messageOf, toHex, utf8 } from "../../base/mod.ts";
import type { Signer } from "../../identity/mod.ts";
import {
  isNotGranted,
  moveIntoPlace,
  namingFullDisk,
  newStagingPath,
  Staging,
  type StartThread,
  syncDirectoryOf,
  usefulThreads,
  writeFailed,
  writeNewFile,
} from "../archive/mod.ts";
import { PackageError } from "../errors.ts";
import {
  archiveFileName,
  formatSha256,
  type FullManifest,
  manifestFields,
  minimalFileName,
  type MinimalManifest,
  serializeMinimal,
  signFull,
  signMinimal,
  torrentFileName,
  withUnpackedBytes,
} from "../manifest/mod.ts";
import { type ArchiveLimits, defaultArchiveLimits } from "../paths/mod.ts";
import {
  type NamedDirectory,
  nameDirectory,
  refuseUnpackable,
  selectDirectory,
  type Selection,
  type SelectOptions,
} from "../selection/mod.ts";
import { buildTorrent, withWebSeeds } from "../torrent/mod.ts";
import { type Job, makeHead, type PackProgress, writeArchive, writeBody } from "./archive_parts.ts";
import { checkHoles, checkSizes } from "./pack_limits.ts";
import { type AllowedSecrets, SecretCheck, type SecretDetector } from "./secret_check.ts";

/** Options of {@linkcode packDirectory}, which makes an archive from a directory. */
export interface PackOptions extends SelectOptions {
  /** Path of the archive, ending with `.tgz`. */
  out?: string;
  /**
   * Directory in which the archive gets its usual file name. Used if `out` is not given. Default:
   * the current directory.
   */
  outDir?: string;
  /**
   * Returns the path of a directory to create in the outputs' directory, for files that are not
   * complete yet. Default: a new random name.
   */
  stagingFor?: (directory: string) => string;
  /**
   * Gives a finished file its final path, where it replaces an existing file, and flushes the
   * directory. Default: renames the file. Used if `out` is not given, because the caller cannot
   * know the paths before.
   */
  placeFile?: (staged: string, path: string) => Promise<void>;
  signer: Signer;
  /** Signing time for the minimal manifest, in Unix milliseconds. */
  timestampMs: number;
  /**
   * `SOURCE_DATE_EPOCH` in seconds, for the full manifest. Without it the full manifest has no
   * timestamp.
   */
  sourceDateEpoch?: number;
  /**
   * Maximum number of threads. Default: a number that suits the machine. The archive's bytes do not
   * depend on the number of threads.
   */
  threads?: number;
  /** Starts a thread that compresses and hashes. Default: the calling thread does the work. */
  startThread?: StartThread;
  /** Paths in the package that are allowed to hold secrets; see {@linkcode SecretCheck}. */
  allowSecrets?: AllowedSecrets;
  /** The detector of secrets, to reuse one for several packages. Default: a new detector. */
  detector?: SecretDetector;
  /** URLs of web seeds that the `.torrent` names. They change neither archive nor infohash. */
  webSeeds?: readonly string[];
  /** Called with the selected files before anything is written. */
  onSelected?: (selection: Selection) => void;
  /**
   * Called with the progress after each part of a source file or of the archive. An error thrown by
   * this callback ends the packing.
   */
  onProgress?: (progress: PackProgress) => void;
}

/** A packed archive with its minimal manifest and torrent. */
export interface PackedArchive {
  archivePath: string;
  minimalPath: string;
  torrentPath: string;
  minimal: MinimalManifest;
  full: FullManifest;
  /** Contents of the `.torrent` file. */
  torrent: Uint8Array;
  /**
   * Paths in the directory that were left out of the package. A directory that was left out
   * entirely appears once.
   */
  skipped: string[];
}

/**
 * Packs a directory into `NAME-VERSION.tgz`, with `.minimal.json` and `.torrent` beside it. The new
 * files replace existing files of these names. The archive is put in place last, so an archive
 * always has its manifest and torrent. After an error no new file is left and existing files are
 * untouched. Takes some MiB of memory for files of any size. The torrent uses the archive's usual
 * file name even if `out` gives the archive another.
 *
 * @throws {PackageError} see `errors.ts`: kind `usage` for a wrong request, `failed` for a problem with
 * the files, `not-found` for a missing directory
 */
export async function packDirectory(options: PackOptions): Promise<PackedArchive> {
  const named = await nameDirectory(options);
  const { name, version } = named;
  const archivePath = resolve(
    options.out ?? join(options.outDir ?? ".", archiveFileName(name, version)),
  );
  const minimalPath = minimalFileName(archivePath);
  const torrentPath = torrentFileName(archivePath);
  const directory = dirname(archivePath);
  const outDir = await checkOutputs([archivePath, minimalPath, torrentPath]);
  const outputs = [archivePath, minimalPath, torrentPath].map((path) =>
    join(outDir, basename(path))
  );

  const limits = options.limits ?? defaultArchiveLimits;
  const selection = await selectDirectory(options, named, { directory: outDir, paths: outputs });
  refuseUnpackable(selection, limits);
  options.onSelected?.(selection);
  const stagingPath = (options.stagingFor ?? newStagingPath)(directory);
  return await namingFullDisk(
    { what: `${name}@${version}`, directory: outDir, stagingPath },
    () => writePackage({ ...options, limits }, named, selection, { archivePath, stagingPath }),
  );
}

/** Packs the selected files of a directory: makes archive, minimal manifest and torrent. */
async function writePackage(
  options: PackOptions & { limits: ArchiveLimits },
  { dir, name, version, metadata }: NamedDirectory,
  { files, skipped, totalBytes }: Selection,
  { archivePath, stagingPath }: { archivePath: string; stagingPath: string },
): Promise<PackedArchive> {
  const { limits } = options;
  await checkHoles(files, totalBytes, limits);
  const fileName = archiveFileName(name, version);
  const [minimalPath, torrentPath] = [minimalFileName(archivePath), torrentFileName(archivePath)];
  await using staging = await Staging.create(stagingPath).catch((cause) => {
    const isMissing = cause instanceof Deno.errors.NotFound ||
      cause instanceof Deno.errors.NotADirectory;
    throw isMissing ? unusableDirectory(archivePath, cause) : writeFailed(stagingPath, cause);
  });
  const threads = options.threads ?? usefulThreads();
  const secrets = await SecretCheck.create(options.allowSecrets, options.detector);
  const job: Job = { ...options, limits, threads, staging, secrets };
  const body = await writeBody(job, files, totalBytes);
  secrets.refuse(dir);
  // Use Object.fromEntries: assigning one property at a time would lose a file named __proto__.
  const hashes: Record<string, string> = Object.fromEntries(body.hashes);
  const fields = manifestFields({ ...metadata, name, version }, hashes, options.sourceDateEpoch);
  const sized = withUnpackedBytes(fields, totalBytes, options.signer);
  const full = await signFull(sized, options.signer, limits);
  const head = await makeHead(full, body, limits);
  checkSizes(
    { files: files.length, tarBytes: head.tarBytes + body.tarBytes },
    head.bytes.length + body.gzipBytes,
    limits,
  );

  const archive = await writeArchive(job, head, body);
  const { lengthBytes } = archive;
  const torrent = buildTorrent({ name: fileName, ...archive });
  const minimal = await signMinimal({
    name,
    version,
    archiveSha256: formatSha256(archive.sha256),
    btih: toHex(torrent.infoHash),
    length: lengthBytes,
    timestamp: options.timestampMs,
  }, options.signer);

  const stagedMinimal = staging.next();
  const stagedTorrent = staging.next();
  await writeNewFile(stagedMinimal, utf8(serializeMinimal(minimal)));
  const torrentFile = withWebSeeds(torrent.torrent, options.webSeeds ?? []);
  await writeNewFile(stagedTorrent, torrentFile);
  options.signal?.throwIfAborted();
  const place = options.out === undefined && options.placeFile || moveIntoPlace;
  await place(stagedTorrent, torrentPath);
  await place(stagedMinimal, minimalPath);
  await place(archive.path, archivePath);
  if (place === moveIntoPlace) await syncDirectoryOf(archivePath);
  return {
    archivePath,
    minimalPath,
    torrentPath,
    minimal,
    full,
    torrent: torrentFile,
    skipped,
  };
}

/**
 * Checks that every output file can be put in place, and returns the real path of the outputs'
 * directory. A thread that may not open the directory returns the directory's path unchanged, and
 * learns at the first write what is wrong with the directory.
 */
async function checkOutputs(paths: string[]): Promise<string> {
  const directory = dirname(paths[0]!);
  let real = directory;
  try {
    real = await Deno.realPath(directory);
    if (!(await Deno.stat(real)).isDirectory) {
      throw outputInvalid(paths[0]!, `${directory} is a file`);
    }
  } catch (cause) {
    if (cause instanceof PackageError) throw cause;
    if (!isNotGranted(cause)) throw unusableDirectory(paths[0]!, cause);
  }
  for (const path of paths) {
    const info = await Deno.lstat(path).catch(() => undefined);
    if (info !== undefined && !info.isFile) {
      throw outputInvalid(path, "its path exists and is not a file");
    }
  }
  return real;
}

function unusableDirectory(path: string, cause: unknown): PackageError {
  return outputInvalid(path, `its directory cannot be used (${messageOf(cause)})`, cause);
}

function outputInvalid(path: string, why: string, cause?: unknown): PackageError {
  return new PackageError("usage", "OUTPUT_INVALID", `${path} cannot be written: ${why}.`, {
    cause,
    detail: { path },
  });
}
