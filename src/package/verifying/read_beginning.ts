/**
 * Reads the full manifest, or one file, of an archive that is there only in part. The manifest is at the
 * beginning. The archive's list of members tells which bytes hold the file; without a list, everything
 * before the file is read. The caller has each piece checked against the infohash that the publisher signed. The SHA-256 of the
 * whole archive stays unknown, and so do the contents of all files but the one that is read.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { concatBytes } from "../../base/mod.ts";
import {
  type FilePlace,
  headBytes,
  type MemberList,
  placeOfFile,
  readMemberList,
  readTar,
  type TarEntry,
} from "../archive/mod.ts";
import { PackageError, quote } from "../errors.ts";
import { type FullManifest, hashAt, type MinimalManifest } from "../manifest/mod.ts";
import { type ArchiveLimits, defaultArchiveLimits, type PathList } from "../paths/mod.ts";
import { compareFile, fileMissing, otherFile } from "./check_files.ts";
import { checkMinimal, readHead } from "./verify.ts";

/** Options for reading the beginning of an archive. */
export interface BeginningOptions {
  /** The minimal manifest that identifies the archive. Its signature is verified. */
  minimal: MinimalManifest;
  /** The Ed25519 key (32 bytes) that must have signed. */
  publicKey: Uint8Array;
  limits?: ArchiveLimits;
  signal?: AbortSignal;
  /**
   * Yields the bytes of the archive from its start. The next chunk is requested only when it is needed.
   */
  chunks: AsyncIterable<Uint8Array>;
  /** Called once it is known how many leading bytes hold the manifest. The number is a stranger's. */
  onHead?: (bytes: number) => void;
}

/** Options for reading one file. */
export interface FileOptions extends BeginningOptions {
  /** Yields a range of the archive's bytes. Without it, everything before the file is read. */
  range?: (start: number, end: number) => AsyncIterable<Uint8Array>;
  /** Called if everything before the file has to be read. */
  onNoPlace?: () => void;
}

/** A file that was read from an archive. */
export interface OpenedFile {
  sizeBytes: number;
  /** Whether the mode is 0755 rather than 0644. */
  executable: boolean;
}

/**
 * Reads and verifies the full manifest: both signatures, that both manifests name the same package, the
 * content hash, and the limits.
 *
 * @throws {PackageError} kind `verification`; `detail.step` names the failed step
 */
export async function readBeginning(options: BeginningOptions): Promise<FullManifest> {
  const { full, entries } = await open(options);
  await entries.return(0);
  return full.manifest;
}

/**
 * Reads one file, after the full manifest. If the list of members leads to other bytes, or there is no
 * list, all files before it are read, too. Yields the bytes of the file in order;
 * a chunk is valid until the next one is requested. Ends when the file's SHA-256 is that of the manifest.
 *
 * @param path path of the file in the archive
 * @throws {PackageError} `FILE_NOT_IN_PACKAGE` (kind `not-found`), or kind `verification`, after which
 * the bytes must not be used
 */
export async function* readFileOfBeginning(
  options: FileOptions,
  path: string,
): AsyncGenerator<Uint8Array, OpenedFile> {
  const { limits = defaultArchiveLimits, minimal: { name, version } } = options;
  const { full: { paths, hashes }, entries, list } = await open(options);
  try {
    const wanted = [...paths].indexOf(path);
    if (wanted === -1) throw notInPackage(`${name}@${version}`, path);
    const sha256 = hashAt(hashes, wanted).toHex();
    const place = list() && placeOfFile(list()!, wanted, options.minimal.length);
    const listed = place && await openListed(options, place, { paths, wanted, sha256 });
    if (!listed) {
      options.onNoPlace?.();
      return yield* hashed(await findEntry(entries, paths, 0, wanted, limits), sha256);
    }
    try {
      return yield* hashed(listed.entry, sha256);
    } finally {
      await listed.entries.return(0);
    }
  } finally {
    await entries.return(0);
  }
}

/** Finds a file where the list of members has it. Returns `undefined` if the list is wrong. */
async function openListed(
  { minimal, limits = defaultArchiveLimits, signal, range }: FileOptions,
  { start, end, firstFileAt, firstFile }: FilePlace,
  { paths, wanted, sha256 }: { paths: PathList; wanted: number; sha256: string },
) {
  if (!range) return undefined;
  let at = firstFile;
  const entries = readTar({
    chunks: range(start, end),
    lengthBytes: minimal.length,
    nextPath: () => paths.at(at++),
    skippedBytes: firstFileAt,
    ...{ limits, signal, isLazy: true },
  });
  try {
    const entry = await findEntry(entries, paths, firstFile, wanted, limits);
    // A longer file is compared at its end, where it is too late to read it from another place.
    if (entry.whole) compareFile(entry, sha256Of(entry.whole), sha256);
    return { entries, entry };
  } catch (error) {
    await entries.return(0);
    if (error instanceof PackageError && error.kind === "verification") return undefined;
    throw error;
  }
}

/**
 * Reads entries up to a file.
 *
 * @param first index of the file that comes next
 * @param wanted index of the file to find
 */
async function findEntry(
  entries: AsyncGenerator<TarEntry, number>,
  paths: PathList,
  first: number,
  wanted: number,
  limits: ArchiveLimits,
): Promise<TarEntry> {
  for (let at = first;; at++) {
    const next = await entries.next();
    const expected = paths.at(at);
    if (next.done) throw fileMissing(paths.at(wanted)!, "");
    if (next.value.path !== expected) throw otherFile(next.value.path, expected, paths, limits);
    if (at === wanted) return next.value;
    if (next.value.whole) continue;
    for await (const _ of next.value.contents()) { /* The reader goes on behind the contents. */ }
  }
}

async function* hashed(
  entry: TarEntry,
  sha256: string,
): AsyncGenerator<Uint8Array, OpenedFile> {
  const hash = createHash("sha256");
  for await (const chunk of entry.contents()) {
    hash.update(chunk);
    yield chunk;
  }
  compareFile(entry, hash.digest("hex"), sha256);
  const { sizeBytes, executable } = entry;
  return { sizeBytes, executable };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function open(options: BeginningOptions) {
  const { minimal, publicKey, limits = defaultArchiveLimits, signal } = options;
  const begin = () => {};
  checkMinimal(minimal, publicKey, begin);
  const archivePath = `${minimal.name}@${minimal.version}`;
  const archive = { path: archivePath, info: { size: minimal.length } };
  const job = { archivePath, minimal, publicKey, limits, signal, archive, begin, isLazy: true };
  let list: MemberList | undefined;
  const chunks = watchList(options.chunks, minimal.length, (found) => {
    list = found;
    if (list) options.onHead?.(headBytes(list));
  });
  return { ...await readHead(job, chunks), list: () => list };
}

/** Yields all chunks, and tells the list of members once it was read, or that there is none. */
async function* watchList(
  chunks: AsyncIterable<Uint8Array>,
  lengthBytes: number,
  onRead: (list: MemberList | undefined) => void,
): AsyncGenerator<Uint8Array> {
  let beginning: Uint8Array | undefined = new Uint8Array();
  let neededBytes = 0;
  for await (const chunk of chunks) {
    if (beginning) {
      beginning = concatBytes(beginning, chunk);
      const read = beginning.length < neededBytes
        ? { neededBytes }
        : readMemberList(beginning, lengthBytes);
      if (read && "neededBytes" in read) ({ neededBytes } = read);
      else {
        onRead(read?.list);
        beginning = undefined;
      }
    }
    yield chunk;
  }
}

function notInPackage(label: string, path: string): PackageError {
  const message = `${label} has no file ${quote(path)}. ` +
    "`libreseed info --files` lists the files of a package.";
  return new PackageError("not-found", "FILE_NOT_IN_PACKAGE", message, { detail: { path } });
}
