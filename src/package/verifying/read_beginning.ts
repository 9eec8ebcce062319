/**
 * Reads the full manifest, or one file, from the beginning of an archive, when the rest is not there.
 * The caller has each piece checked against the infohash that the publisher signed. The SHA-256 of the
 * whole archive stays unknown, and so do the contents of all files but the one that is read.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { TarEntry } from "../archive/mod.ts";
import { PackageError, quote } from "../errors.ts";
import { type FullManifest, hashAt, type MinimalManifest } from "../manifest/mod.ts";
import { type ArchiveLimits, defaultArchiveLimits } from "../paths/mod.ts";
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
 * Reads one file, after the full manifest and all files before it. Yields the bytes of the file in order;
 * a chunk is valid until the next one is requested. Ends when the file's SHA-256 is that of the manifest.
 *
 * @param path path of the file in the archive
 * @throws {PackageError} `FILE_NOT_IN_PACKAGE` (kind `not-found`), or kind `verification`, after which
 * the bytes must not be used
 */
export async function* readFileOfBeginning(
  options: BeginningOptions,
  path: string,
): AsyncGenerator<Uint8Array, OpenedFile> {
  const { limits = defaultArchiveLimits, minimal: { name, version } } = options;
  const { full: { paths, hashes }, entries } = await open(options);
  try {
    const wanted = [...paths].indexOf(path);
    if (wanted === -1) throw notInPackage(`${name}@${version}`, path);
    for (let at = 0;; at++) {
      const next = await entries.next();
      const expected = paths.at(at);
      if (next.done) throw fileMissing(path, "");
      if (next.value.path !== expected) throw otherFile(next.value.path, expected, paths, limits);
      if (at === wanted) return yield* hashed(next.value, hashAt(hashes, at).toHex());
      if (next.value.whole) continue;
      for await (const _ of next.value.contents()) { /* The reader goes on behind the contents. */ }
    }
  } finally {
    await entries.return(0);
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

function open(options: BeginningOptions) {
  const { minimal, publicKey, limits = defaultArchiveLimits, signal, chunks } = options;
  const begin = () => {};
  checkMinimal(minimal, publicKey, begin);
  const archivePath = `${minimal.name}@${minimal.version}`;
  const archive = { path: archivePath, info: { size: minimal.length } };
  const job = { archivePath, minimal, publicKey, limits, signal, archive, begin, isLazy: true };
  return readHead(job, chunks);
}

function notInPackage(label: string, path: string): PackageError {
  const message = `${label} has no file ${quote(path)}. ` +
    "`libreseed info --files` lists the files of a package.";
  return new PackageError("not-found", "FILE_NOT_IN_PACKAGE", message, { detail: { path } });
}
