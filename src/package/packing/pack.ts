/**
 * Packs a directory to a signed archive. The same files always produce the same bytes, independent
 * of the directory's path, umask, time zone and order of creation.
 *
 * The first gzip member holds the tar entry of `manifest.json`. The members after it hold the files
 * in the order of their paths. The manifest comes first in the archive but lists the files' hashes,
 * so the members of the files are first written to a temporary file while the hashes are computed.
 * Each source file is read once.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import { toHex, utf8 } from "../../base/mod.ts";
import type { Signer } from "../../identity/mod.ts";
import {
  ArchivePass,
  CHUNK_BYTES,
  Compressor,
  fileChanged,
  FileWriter,
  gzipMember,
  isNotGranted,
  MEMBER_BYTES,
  MemberWriter,
  moveIntoPlace,
  namingFullDisk,
  newStagingPath,
  openArchive,
  release,
  Staging,
  type StartThread,
  syncDirectoryOf,
  TAR_HEADER_BYTES,
  tarEntry,
  type TarFile,
  tarOf,
  usefulThreads,
  writeFailed,
  writeNewFile,
} from "../archive/mod.ts";
import { messageOf, PackageError } from "../errors.ts";
import {
  archiveFileName,
  formatSha256,
  type FullManifest,
  manifestFields,
  manifestTooLarge,
  minimalFileName,
  type MinimalManifest,
  serializeFull,
  serializeMinimal,
  signFull,
  signMinimal,
  torrentFileName,
  withUnpackedBytes,
} from "../manifest/mod.ts";
import { type ArchiveLimits, defaultArchiveLimits, MANIFEST_PATH } from "../paths/mod.ts";
import {
  type NamedDirectory,
  nameDirectory,
  refuseUnpackable,
  type ScannedFile,
  selectDirectory,
  type Selection,
  type SelectOptions,
} from "../selection/mod.ts";
import { buildTorrent, withWebSeeds } from "../torrent/mod.ts";
import { checkArchiveSize, checkHoles, checkSizes } from "./pack_limits.ts";
import { type AllowedSecrets, SecretCheck, type SecretDetector } from "./secret_check.ts";
import { readSource } from "./source_file.ts";

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

/** Progress of packing, as passed to {@linkcode PackOptions.onProgress}. */
export interface PackProgress {
  /** `files`: reading and compressing the files; `archive`: assembling the archive. */
  phase: "files" | "archive";
  /** Path of the source file that is being read. */
  path?: string;
  doneBytes: number;
  totalBytes: number;
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
 * The options of a running packing with defaults filled in, and the objects that its steps share.
 */
interface Job extends PackOptions {
  limits: ArchiveLimits;
  threads: number;
  staging: Staging;
  secrets: SecretCheck;
}

/** The compressed files of an archive, without its manifest. */
interface Body {
  /** Path of the temporary file that holds the gzip members of the files. */
  path: string;
  tarBytes: number;
  gzipBytes: number;
  /** Pairs of path and `sha256:…`, in the order of the archive. */
  hashes: [string, string][];
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
  const manifest = await manifestEntry(full, limits);
  const head = gzipMember(manifest);
  checkSizes(
    { files: files.length, tarBytes: manifest.length + body.tarBytes },
    head.length + body.gzipBytes,
    limits,
  );

  const lengthBytes = head.length + body.gzipBytes;
  const archive = await writeArchive(job, head, body, lengthBytes);
  const torrent = buildTorrent({ name: fileName, lengthBytes, pieces: archive.pieces });
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

/**
 * Returns the number of threads for compressing the files: at most one for every two gzip members.
 */
function threadsFor({ threads }: Job, files: ScannedFile[], totalBytes: number): number {
  const tarBytes = totalBytes + files.length * TAR_HEADER_BYTES;
  return Math.min(threads, Math.floor(tarBytes / MEMBER_BYTES / 2));
}

/** Hashes the files, and compresses them to a temporary file. Each file is read once. */
async function writeBody(job: Job, files: ScannedFile[], totalBytes: number): Promise<Body> {
  const path = job.staging.next();
  const hashes: [string, string][] = [];
  // Buffers are reused: a few large objects rarely trigger garbage collection, so discarded buffers
  // would pile up.
  const buffers: Uint8Array[] = [];
  const nextBuffer = () => buffers.pop() ?? new Uint8Array(CHUNK_BYTES);
  let doneBytes = 0;
  using spool = await FileWriter.create(path);
  using compressor = new Compressor(threadsFor(job, files, totalBytes), job.startThread);
  const members = new MemberWriter(compressor, async (member) => {
    await spool.write(member);
    release(member);
  });

  async function* contents(file: ScannedFile): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    const check = job.secrets.begin(file.path, file.info.size);
    for await (const chunk of readSource(file, nextBuffer, job.signal)) {
      job.onProgress?.({ phase: "files", path: file.path, doneBytes, totalBytes });
      hash.update(chunk);
      check.add(chunk);
      doneBytes += chunk.length;
      yield chunk;
    }
    check.end();
    hashes.push([file.path, formatSha256(hash.digest())]);
  }

  function* entries(): Generator<TarFile> {
    for (const file of files) {
      const { path, info } = file;
      const executable = ((info.mode ?? 0) & 0o100) !== 0;
      yield { path, sizeBytes: info.size, executable, contents: () => contents(file) };
    }
  }

  for await (const chunk of tarOf(entries())) {
    await members.add(chunk);
    if (chunk.buffer.byteLength === CHUNK_BYTES) buffers.push(new Uint8Array(chunk.buffer));
    checkArchiveSize(members.gzipBytes, job.limits);
  }
  await members.end();
  const { tarBytes, gzipBytes } = members;
  return { path, tarBytes, gzipBytes, hashes };
}

async function manifestEntry(full: FullManifest, limits: ArchiveLimits): Promise<Uint8Array> {
  const manifest = utf8(serializeFull(full));
  // Check the manifest's length again, because the earlier estimate did not include a timestamp
  // from SOURCE_DATE_EPOCH.
  if (manifest.length > limits.maxManifestBytes) throw manifestTooLarge(manifest.length, limits);
  return await tarEntry(MANIFEST_PATH, manifest);
}

/** Joins the manifest and the files to the archive, and computes the archive's hashes. */
async function writeArchive(job: Job, head: Uint8Array, body: Body, lengthBytes: number) {
  const path = job.staging.next();
  using archive = await FileWriter.create(path, { isKept: true });
  await archive.write(head);
  using spool = await openArchive(body.path);
  if (head.length + spool.info.size !== lengthBytes) throw fileChanged(body.path);
  let doneBytes = 0;
  // The pass needs no `using`: the next statement calls `finish()`, which waits for the threads.
  const pass = await ArchivePass.start({
    source: spool,
    copy: archive,
    pieces: true,
    threads: job.threads,
    startThread: job.startThread,
    signal: job.signal,
    onProgress: (bytes) => {
      doneBytes += bytes;
      job.onProgress?.({ phase: "archive", doneBytes, totalBytes: lengthBytes });
    },
  });
  const hashes = await pass.finish();
  await archive.sync();
  return { path, ...hashes };
}
