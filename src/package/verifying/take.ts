/**
 * Takes a ready archive in: verifies it, copies it and finds the hashes that the network needs, reading
 * it once. For one's own archives; what a stranger sent is hashed before anything else looks at it, by
 * `verify.ts`.
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

/** The longest archive's torrent has fewer bytes: 20 for each 16 MiB. */
const MAX_TORRENT_BYTES = 16 * 1024 * 1024;

/** What {@linkcode takeArchive} is told. */
export interface TakeOptions {
  archivePath: string;
  /** The minimal manifest that names the archive, if there is one already. */
  minimal?: MinimalManifest;
  /**
   * One's own key, 32 bytes. If the minimal manifest is signed by it, the files inside are not hashed
   * one by one: an archive of that SHA-256 was made, or verified down to the last file, before it was
   * signed.
   */
  ownKey?: Uint8Array;
  /**
   * Where to copy it: a path where nothing is. What is copied are the very bytes that were verified,
   * whatever becomes of the archive meanwhile, and they are on the disk when the archive is taken.
   */
  copyTo?: string;
  limits?: ArchiveLimits;
  /** Looks for secrets in the files, for which they are read in any case (`SECRET_FOUND`). */
  secrets?: SecretCheck;
  signal?: AbortSignal;
}

/** An archive that is what its publisher signed, and what the network needs to know of it. */
export interface TakenArchive extends ArchiveDescription {
  full: FullManifest;
}

/**
 * Verifies an archive like `verifyArchive`, describes it like `describeArchive`, under its usual name,
 * and copies it. Holds some MiB beside the manifest. On failure the copy is removed.
 *
 * @throws {PackageError} what both throw; of several steps of the chain that do not hold, the first
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
    // That it is another archive altogether says more than what is wrong inside.
    const isInside = error instanceof PackageError && error.kind === "verification";
    if (isInside) await checkHash(archive, minimal, begin, signal);
    throw error;
  }
}

/**
 * The hashes of the pieces in the torrent that lies beside an archive, if it is the one that its minimal
 * manifest names by its infohash: whoever signed that manifest signed them too.
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
    // Then they are hashed.
    return undefined;
  }
}
