/**
 * Takes a ready archive in: verifies it, copies it, and computes its hashes and torrent, in one
 * read. For local archives. An untrusted archive goes to `verify.ts`, which hashes it before
 * parsing it.
 *
 * @module
 */

import { formatPublicKey } from "../../identity/mod.ts";
import { ArchivePass, chunksOfArchive, FileWriter, openArchive } from "../archive/mod.ts";
import { PackageError } from "../errors.ts";
import {
  archiveFileName,
  type FullManifest,
  type MinimalManifest,
  torrentFileName,
} from "../manifest/mod.ts";
import type { ArchiveDescription, SecretCheck } from "../packing/mod.ts";
import { type ArchiveLimits, defaultArchiveLimits } from "../paths/mod.ts";
import { buildTorrent, piecesOfTorrent } from "../torrent/mod.ts";
import {
  checkContents,
  checkHash,
  checkHead,
  checkLength,
  checkMinimal,
  checkSecrets,
  compareHash,
} from "./verify.ts";

/**
 * Maximum length of a `.torrent` in bytes. The longest archive's is shorter: 20 bytes for each 16
 * MiB.
 */
const MAX_TORRENT_BYTES = 16 * 1024 * 1024;

/** Options of {@linkcode takeArchive}. */
export interface TakeOptions {
  archivePath: string;
  /** The minimal manifest that names the archive, if it has one already. */
  minimal?: MinimalManifest;
  /**
   * Our own public key, 32 bytes. If it signed the minimal manifest, the files inside are not
   * hashed one by one: we made the archive with that SHA-256, or verified all of it, before we
   * signed.
   */
  ownKey?: Uint8Array;
  /**
   * Path of the copy, which must not exist. The copy has exactly the bytes that were verified, even if
   * the archive changes meanwhile, and is flushed to the disk.
   */
  copyTo?: string;
  limits?: ArchiveLimits;
  /** Looks for secrets in the files (`SECRET_FOUND`). All files are read then. */
  secrets?: SecretCheck;
  signal?: AbortSignal;
}

/** A verified archive, its hashes and its torrent. */
export interface TakenArchive extends ArchiveDescription {
  full: FullManifest;
}

/**
 * Verifies an archive like `verifyArchive`, describes it under its usual name like
 * `describeArchive`, and copies it. Takes some MiB of memory beside the manifest. After a failure
 * the copy is removed.
 *
 * @throws {PackageError} the errors of both. If several steps of the chain fail, the first of them
 */
export async function takeArchive(options: TakeOptions): Promise<TakenArchive> {
  const { archivePath, minimal, ownKey, copyTo, limits = defaultArchiveLimits, signal } = options;
  const { secrets } = options;
  const begin = () => {};
  if (minimal !== undefined) checkMinimal(minimal, undefined, begin);
  using archive = await openArchive(archivePath);
  checkLength(archive, minimal, limits, begin);
  const lengthBytes = archive.info.size;
  const job = { archivePath, minimal, limits, signal, archive, begin, secrets };
  const isOwn = ownKey !== undefined && minimal?.pubkey === formatPublicKey(ownKey);
  const signed = isOwn ? await signedPieces(archivePath, minimal) : undefined;
  using copy = copyTo === undefined ? undefined : await FileWriter.create(copyTo, { isKept: true });
  try {
    await using pass = await ArchivePass.start({ source: archive, copy, pieces: !signed, signal });
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
    return { full, lengthBytes, sha256, ...buildTorrent({ name, lengthBytes, pieces }) };
  } catch (error) {
    if (copyTo !== undefined) await Deno.remove(copyTo).catch(() => {});
    // A wrong SHA-256 says more than a problem inside: it is another archive altogether.
    const isInside = error instanceof PackageError && error.kind === "verification";
    if (isInside) await checkHash(archive, minimal, begin, signal);
    throw error;
  }
}

/**
 * Returns the piece hashes in the torrent beside an archive, if its infohash is the one in the minimal
 * manifest: then the manifest's signature covers them.
 */
async function signedPieces(
  archivePath: string,
  { name, version, length, btih }: MinimalManifest,
): Promise<Uint8Array | undefined> {
  try {
    const path = torrentFileName(archivePath);
    const { isFile, size } = await Deno.stat(path);
    if (!isFile || size > MAX_TORRENT_BYTES) return undefined;
    const source = { name: archiveFileName(name, version), lengthBytes: length };
    return piecesOfTorrent(await Deno.readFile(path), source, btih);
  } catch {
    // No usable torrent: the caller hashes the pieces.
    return undefined;
  }
}
