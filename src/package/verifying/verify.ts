/**
 * The verification chain: checks whether an archive is exactly what its publisher signed. Callers
 * decide which publisher to trust.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { toHex } from "../../base/mod.ts";
import { formatPublicKey } from "../../identity/mod.ts";
import {
  chunksOfArchive,
  type OpenArchive,
  openArchive,
  readTar,
  release,
  type StartThread,
  type TarEntry,
} from "../archive/mod.ts";
import { PackageError, verificationError, type VerificationStep } from "../errors.ts";
import {
  formatSha256,
  type FullManifest,
  memoryForFull,
  type MinimalManifest,
  readFull,
  type ReadManifest,
  verifyMinimalSignature,
} from "../manifest/mod.ts";
import type { SecretCheck } from "../packing/mod.ts";
import {
  type ArchiveLimits,
  defaultArchiveLimits,
  FREE_FILES,
  isTooDense,
  MANIFEST_PATH,
  type PathList,
  refuseUnusable,
} from "../paths/mod.ts";
import { checkFiles, readEntry } from "./check_files.ts";
import type { ExistingFiles } from "./existing_files.ts";
import { Unpacking } from "./unpack.ts";

/** Options of {@linkcode verifyArchive}, which checks an archive and may unpack it. */
export interface VerifyOptions {
  archivePath: string;
  /**
   * The minimal manifest that identifies the archive. Without a minimal manifest, only the files in
   * the archive are verified, not the archive's own bytes.
   */
  minimal?: MinimalManifest;
  /** The Ed25519 key (32 bytes) that must have signed. Default: the key that the manifest names. */
  publicKey?: Uint8Array;
  limits?: ArchiveLimits;
  /**
   * Directory to unpack to, which must be missing or empty. The unpacked files appear there only
   * after every step has succeeded.
   */
  unpackTo?: string;
  /**
   * Path of a directory to create beside `unpackTo`, for files that are not complete yet. Default: a
   * new random name.
   */
  stagingPath?: string;
  /**
   * Whether `unpackTo` lies in a temporary directory of the caller, who removes it after a failure. No
   * other temporary directory is made then, and `unpackTo` must be missing.
   */
  isTemporary?: boolean;
  /** Whether nobody may write to the unpacked files: 0555 or 0444 instead of 0755 or 0644. */
  isReadOnly?: boolean;
  /**
   * Files on the disk that may be hard-linked where they equal a file of the archive. They are hashed
   * first. Only for files that nobody writes to, because linked files change together.
   */
  existing?: ExistingFiles;
  /** Starts a thread that writes unpacked files. Default: the calling thread writes them. */
  startThread?: StartThread;
  signal?: AbortSignal;
  /**
   * Called when a step begins, in the order of the chain. The step `archive-limits` is checked up
   * to the last byte, so this step can still fail while a later step runs.
   */
  onStep?: (step: VerificationStep) => void;
  /** Called for each file whose hash is correct, with the file's length in bytes. */
  onFile?: (path: string, bytes: number) => void;
  /** Searches the files for secrets. If any are found, the caller refuses the archive. */
  secrets?: SecretCheck;
  /**
   * The operating system to unpack on, whose rules for file names apply. Default: the current one.
   */
  platform?: typeof Deno.build.os;
}

/** The result of verifying an archive. */
export interface VerifiedArchive {
  archivePath: string;
  lengthBytes: number;
  /** SHA-256 of the archive, 32 bytes. */
  sha256: Uint8Array;
  /** The minimal manifest passed by the caller. */
  minimal: MinimalManifest | undefined;
  /**
   * Whether the archive was verified without a minimal manifest. If so, the names and contents of
   * all files are verified, but neither the archive's own bytes nor the files' executable bits.
   */
  inner: boolean;
  full: FullManifest;
  /** Number of files, without the manifest. */
  fileCount: number;
  /** Lengths of all files together, without the manifest, in bytes. */
  filesBytes: number;
  /** Length of the tar in bytes. */
  unpackedBytes: number;
  /** Directory with the unpacked files and `manifest.json`, if the archive was unpacked. */
  unpackedTo?: string;
  /** Number of unpacked files that were linked to existing ones, and their lengths together in bytes. */
  linked?: { files: number; bytes: number };
}

/** The options of a running verification with defaults filled in, and the open archive. */
export interface Job extends VerifyOptions {
  limits: ArchiveLimits;
  archive: Pick<OpenArchive, "path"> & { info: Pick<Deno.FileInfo, "size"> };
  /** Whether no byte of the archive is requested before it is needed. */
  isLazy?: boolean;
  unpacking?: Unpacking;
  begin: (step: VerificationStep) => void;
}

/**
 * Verifies an archive: the minimal manifest's signature; the archive's length, SHA-256 and limits;
 * the full manifest, its signature, and that both manifests name the same package; the content
 * hash; and every file's hash, with no file missing or extra. Reads the archive once: each byte is
 * hashed and then used, so what was hashed is what was used. The SHA-256 is therefore compared last,
 * but a wrong SHA-256 is reported before any later step's failure. Takes some MiB
 * of memory in addition to the manifest. The directory `unpackTo` appears only after every step has
 * succeeded, and a failure leaves nothing behind. Unpacked files get mode 0755 or 0644 under the
 * umask (without write bits if `isReadOnly`), and are not flushed to the disk one by one.
 *
 * @throws {PackageError} kind `verification` for a failed step; `detail.step` names it. Other kinds
 * for problems that are not the archive's fault: `ARCHIVE_NOT_FOUND`, `ARCHIVE_UNREADABLE`,
 * `FILE_CHANGED`, `TARGET_EXISTS`, `WRITE_FAILED`, `PATH_UNUSABLE`
 */
export async function verifyArchive(options: VerifyOptions): Promise<VerifiedArchive> {
  const { archivePath, minimal, limits = defaultArchiveLimits, signal } = options;
  const begin = (step: VerificationStep) => options.onStep?.(step);
  if (minimal !== undefined) checkMinimal(minimal, options.publicKey, begin);
  using archive = await openArchive(archivePath);
  checkLength(archive, minimal, limits, begin);
  await using unpacking = options.unpackTo === undefined
    ? undefined
    : await Unpacking.begin(options.unpackTo, options);
  if (minimal !== undefined) begin("archive-hash");
  const hash = createHash("sha256");
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunksOfArchive(archive, signal)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const job: Job = { ...options, limits, archive, begin, unpacking };
  const contents = await checkContents(job, hashed()).catch(async (error) => {
    throw await firstFailure(error, archive, minimal, signal);
  });
  const sha256 = new Uint8Array(hash.digest());
  compareHash(archive, sha256, minimal);
  const unpackedTo = await unpacking?.finish();
  const verified: VerifiedArchive = {
    ...{ archivePath, sha256, minimal, ...contents },
    lengthBytes: archive.info.size,
    inner: minimal === undefined,
  };
  return unpacking ? { ...verified, unpackedTo, linked: unpacking.linked } : verified;
}

/**
 * Runs the verification step `minimal-signature`: checks the minimal manifest and its signing key.
 */
export function checkMinimal(
  minimal: MinimalManifest,
  publicKey: Uint8Array | undefined,
  begin: Job["begin"],
): void {
  begin("minimal-signature");
  if (!verifyMinimalSignature(minimal)) {
    const message = "The minimal manifest is not signed by the key that it names.";
    throw verificationError("minimal-signature", "SIGNATURE_INVALID", message);
  }
  checkPublisher("minimal-signature", minimal.pubkey, publicKey);
}

function checkPublisher(step: VerificationStep, pubkey: string, publicKey?: Uint8Array): void {
  if (publicKey === undefined || formatPublicKey(publicKey) === pubkey) return;
  const expected = formatPublicKey(publicKey);
  const message = `The package is signed by ${pubkey}, not by ${expected}.`;
  throw verificationError(step, "PUBLISHER_MISMATCH", message, { detail: { pubkey, expected } });
}

/** Runs the verification step `archive-length`, and checks the limit for an archive's length. */
export function checkLength(
  { path, info }: OpenArchive,
  minimal: MinimalManifest | undefined,
  limits: ArchiveLimits,
  begin: Job["begin"],
): void {
  if (minimal !== undefined) {
    begin("archive-length");
    if (info.size !== minimal.length) {
      const message = `${path} has ${info.size} bytes; its manifest says ${minimal.length}.`;
      throw verificationError("archive-length", "LENGTH_MISMATCH", message);
    }
  }
  // Check the limit before hashing, because hashing a huge archive would take long.
  if (info.size > limits.maxArchiveBytes) {
    const message =
      `${path} has ${info.size} bytes; at most ${limits.maxArchiveBytes} are allowed.`;
    throw verificationError("archive-limits", "ARCHIVE_TOO_LARGE", message);
  }
}

/**
 * Returns the error to report when a step that reads the inside of an archive has failed. The SHA-256
 * is known only after the last byte, but its step comes first: if the archive's bytes are not the ones
 * that the publisher signed, that is the error, since the file is a different archive.
 *
 * @param error the error of the failed step; returned unchanged if the archive has the right SHA-256,
 *   or if the error does not concern the archive
 */
export async function firstFailure(
  error: unknown,
  archive: OpenArchive,
  minimal: MinimalManifest | undefined,
  signal?: AbortSignal,
): Promise<unknown> {
  const isInside = error instanceof PackageError &&
    (error.kind === "verification" || error.code === "NEWER_FORMAT");
  if (!isInside || minimal === undefined) return error;
  try {
    const hash = createHash("sha256");
    for await (const chunk of chunksOfArchive(archive, signal)) hash.update(chunk);
    compareHash(archive, hash.digest(), minimal);
    return error;
  } catch (first) {
    return first;
  }
}

/** Throws if the SHA-256 of an archive differs from the one in its minimal manifest. */
export function compareHash(
  { path }: OpenArchive,
  sha256: Uint8Array,
  minimal: MinimalManifest | undefined,
): void {
  if (minimal === undefined || formatSha256(sha256) === minimal.archiveSha256) return;
  const message = `${path} has SHA-256 ${toHex(sha256)}; ` +
    `its manifest says ${minimal.archiveSha256}.`;
  throw verificationError("archive-hash", "HASH_MISMATCH", message);
}

/**
 * Runs the verification steps from `archive-limits` to `files` (the last) on the bytes of an
 * archive. Each chunk is used only until the next one is requested.
 */
export async function checkContents(job: Job, chunks: AsyncIterable<Uint8Array>) {
  const { full, entries } = await readHead(job, chunks);
  try {
    job.begin("files");
    let filesBytes = 0;
    const onFile = (path: string, bytes: number) => {
      filesBytes += bytes;
      job.onFile?.(path, bytes);
    };
    const watched = job.secrets?.watch(entries) ?? entries;
    const unpackedBytes = await checkFiles({ ...job, onFile }, full, watched);
    return { full: full.manifest, fileCount: full.paths.length, filesBytes, unpackedBytes };
  } finally {
    await entries.return(0);
  }
}

/**
 * Runs the verification steps from `archive-limits` to `content-hash`, and searches all files for
 * secrets. The step `files` is left out: callers use this function for an archive whose SHA-256 is
 * known and whose files were verified earlier.
 */
export async function checkSecrets(
  job: Job,
  secrets: SecretCheck,
  chunks: AsyncIterable<Uint8Array>,
): Promise<FullManifest> {
  const { full, entries } = await readHead(job, chunks);
  for await (const entry of secrets.watch(entries)) {
    if (entry.whole) continue;
    for await (const _ of entry.contents()) { /* The check scans the contents as they are read. */ }
  }
  return full.manifest;
}

/**
 * Runs the verification steps from `archive-limits` to `content-hash`. Reads no bytes of the
 * archive after the manifest.
 */
export async function checkHead(
  job: Job,
  chunks: AsyncIterable<Uint8Array>,
): Promise<FullManifest> {
  const { full, entries } = await readHead(job, chunks);
  await entries.return(0);
  return full.manifest;
}

/** Reads and checks the full manifest. The caller reads the tar entries after the manifest. */
export async function readHead(job: Job, chunks: AsyncIterable<Uint8Array>) {
  const { archive, limits, signal, isLazy } = job;
  job.begin("archive-limits");
  let paths: PathList | undefined;
  let at = 0;
  const nextPath = () => paths === undefined ? MANIFEST_PATH : paths.at(at++);
  const lengthBytes = archive.info.size;
  const entries = readTar({ chunks, lengthBytes, limits, signal, nextPath, isLazy });
  try {
    const first = await entries.next();
    if (first.done || first.value.path !== MANIFEST_PATH) {
      const message =
        `The first entry of ${archive.path} is not ${MANIFEST_PATH}, so it is no package.`;
      throw verificationError("full-manifest", "MANIFEST_MISSING", message);
    }
    const full = await checkManifest(job, first.value);
    paths = full.paths;
    return { full, entries };
  } catch (error) {
    await entries.return(0);
    throw error;
  }
}

/**
 * Runs the verification steps from `full-manifest` to `content-hash` on the archive's first entry.
 */
async function checkManifest(job: Job, entry: TarEntry): Promise<ReadManifest> {
  job.begin("full-manifest");
  job.unpacking?.expectManifest(entry.sizeBytes);
  const bytes = await readManifest(entry, job.limits);
  let full: ReadManifest;
  try {
    full = await readFull(bytes, job.limits, job.signal);
  } catch (cause) {
    if (!(cause instanceof PackageError)) throw cause;
    // A newer format is no failed verification.
    if (cause.code === "NEWER_FORMAT") throw cause;
    throw verificationError("full-manifest", cause.code, cause.message, { cause });
  }
  const { manifest, paths } = full;
  const { minimal } = job;
  for (const field of ["pubkey", "name", "version"] as const) {
    if (minimal === undefined || minimal[field] === manifest[field]) continue;
    const message = `The manifest in the archive has ${field} ${manifest[field]}; ` +
      `the minimal manifest has ${minimal[field]}.`;
    throw verificationError("full-manifest", "MANIFEST_MISMATCH", message, { detail: { field } });
  }
  checkPublisher("full-manifest", manifest.pubkey, job.publicKey);
  job.begin("full-signature");
  if (!full.isSigned()) {
    const message = "The manifest in the archive is not signed by the key that it names.";
    throw verificationError("full-signature", "SIGNATURE_INVALID", message);
  }
  job.begin("content-hash");
  if (full.contentHash !== manifest.contentHash) {
    const message = "The content hash in the manifest does not follow from its files.";
    throw verificationError("content-hash", "CONTENT_HASH_MISMATCH", message);
  }
  if (isTooDense(paths.length, job.archive.info.size, job.limits)) {
    const message = `The archive has ${paths.length} files in ${job.archive.info.size} bytes; ` +
      `with more than ${FREE_FILES} files, ${job.limits.minBytesPerFile} bytes each are needed.`;
    throw verificationError("archive-limits", "TOO_MANY_FILES", message);
  }
  if (job.unpacking) {
    refuseUnusable(paths, job.platform ?? Deno.build.os);
    job.unpacking.write(MANIFEST_PATH, false, bytes);
    job.unpacking.expect(paths.length);
  }
  // Free the manifest's bytes (up to 16 MiB) immediately: only isSigned() reads the bytes, and
  // isSigned() is not called again.
  release(bytes);
  return full;
}

async function readManifest(entry: TarEntry, limits: ArchiveLimits): Promise<Uint8Array> {
  if (entry.sizeBytes > limits.maxManifestBytes) {
    const message = `The manifest in the archive has ${entry.sizeBytes} bytes; ` +
      `at most ${limits.maxManifestBytes} are read.`;
    throw verificationError("full-manifest", "MANIFEST_TOO_LARGE", message);
  }
  return await readEntry(entry, memoryForFull(entry.sizeBytes));
}
