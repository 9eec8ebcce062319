/**
 * Takes in a ready archive from the local disk: verifies it, copies it, and computes its hashes and
 * torrent, in one read. For an untrusted archive use `verify.ts`, which hashes the archive before
 * parsing it.
 *
 * @module
 */

import { equalBytes } from "../../base/mod.ts";
import {
  ArchivePass,
  chunksOfArchive,
  FileWriter,
  openArchive,
  pieceBytesOf,
  type StartThread,
} from "../archive/mod.ts";
import {
  archiveFileName,
  type FullManifest,
  type MinimalManifest,
  signingKeyOf,
  torrentFileName,
} from "../manifest/mod.ts";
import type { ArchiveDescription, SecretCheck } from "../packing/mod.ts";
import { type ArchiveLimits, defaultArchiveLimits } from "../paths/mod.ts";
import { buildTorrent, piecesOfTorrent } from "../torrent/mod.ts";
import {
  checkContents,
  checkHead,
  checkLength,
  checkMinimal,
  checkSecrets,
  compareHash,
  firstFailure,
} from "./verify.ts";

/**
 * Maximum length of a `.torrent` in bytes. The longest archive's `.torrent` is shorter: 20 bytes
 * for each 16 MiB.
 */
const MAX_TORRENT_BYTES = 16 * 1024 * 1024;

/** Options of {@linkcode takeArchive}, which verifies, copies and hashes an archive. */
export interface TakeOptions {
  archivePath: string;
  /** The minimal manifest of the archive, if the archive already has one. */
  minimal?: MinimalManifest;
  /**
   * The user's own signing key, 32 bytes. If this key signed the minimal manifest, the files in the
   * archive are not hashed one by one: the user's own machine made or fully verified the archive
   * with that SHA-256 before the signing.
   */
  ownKey?: Uint8Array;
  /**
   * Path of the copy, which must not exist. The copy contains exactly the verified bytes, even if
   * the archive changes meanwhile, and is flushed to the disk.
   */
  copyTo?: string;
  limits?: ArchiveLimits;
  /** Searches the files for secrets (`SECRET_FOUND`). If set, all files are read. */
  secrets?: SecretCheck;
  /** Starts a thread that copies and hashes. Default: the calling thread does it. */
  startThread?: StartThread;
  signal?: AbortSignal;
}

/** A verified archive, its hashes and its torrent. */
export interface TakenArchive extends ArchiveDescription {
  full: FullManifest;
}

/**
 * Verifies an archive like `verifyArchive`, computes its hashes and torrent like `describeArchive`
 * (under its usual file name), and copies it. Takes some MiB of memory in addition to the manifest.
 * After a failure the copy is removed.
 *
 * @throws {PackageError} the errors of `verifyArchive` and `describeArchive`. If several steps of
 * the chain fail, the error is that of the first
 */
export async function takeArchive(options: TakeOptions): Promise<TakenArchive> {
  const { archivePath, minimal, ownKey, copyTo, limits = defaultArchiveLimits, signal } = options;
  const { secrets, startThread } = options;
  const begin = () => {};
  if (minimal !== undefined) checkMinimal(minimal, undefined, begin);
  using archive = await openArchive(archivePath);
  checkLength(archive, minimal, limits, begin);
  const lengthBytes = archive.info.size;
  const job = { archivePath, minimal, limits, signal, archive, begin, secrets };
  const isOwn = ownKey !== undefined && minimal !== undefined &&
    equalBytes(signingKeyOf(minimal), ownKey);
  const pieceBytes = await pieceBytesOf(archive);
  const signed = isOwn ? await signedPieces(archivePath, minimal, pieceBytes) : undefined;
  using copy = copyTo === undefined ? undefined : await FileWriter.create(copyTo, { isKept: true });
  try {
    await using pass = await ArchivePass.start({
      source: archive,
      copy,
      pieceBytes: signed ? undefined : pieceBytes,
      startThread,
      signal,
    });
    const full = !isOwn
      ? (await checkContents(job, pass.chunks())).full
      : secrets
      ? await checkSecrets(job, secrets, pass.chunks())
      : await checkHead(job, chunksOfArchive(archive, signal));
    secrets?.refuse(archivePath);
    const hashes = await pass.finish();
    const { sha256 } = hashes;
    compareHash(archive, sha256, minimal);
    await copy?.sync();
    const name = archiveFileName(full.name, full.version);
    const pieces = signed ?? hashes.pieces;
    return {
      full,
      lengthBytes,
      sha256,
      ...buildTorrent({ name, lengthBytes, pieceBytes, pieces }),
    };
  } catch (error) {
    if (copyTo !== undefined) await Deno.remove(copyTo).catch(() => {});
    throw await firstFailure(error, archive, minimal, signal);
  }
}

/**
 * Returns the piece hashes from the `.torrent` beside an archive, if its infohash is the one in the
 * minimal manifest. In that case the manifest's signature covers the piece hashes.
 */
async function signedPieces(
  archivePath: string,
  { name, version, length, btih }: MinimalManifest,
  pieceBytes: number,
): Promise<Uint8Array | undefined> {
  try {
    const path = torrentFileName(archivePath);
    const { isFile, size } = await Deno.stat(path);
    if (!isFile || size > MAX_TORRENT_BYTES) return undefined;
    const source = { name: archiveFileName(name, version), lengthBytes: length, pieceBytes };
    return piecesOfTorrent(await Deno.readFile(path), source, btih);
  } catch {
    // No usable torrent: the caller computes the piece hashes.
    return undefined;
  }
}
