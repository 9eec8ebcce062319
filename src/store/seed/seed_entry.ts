/**
 * The entry of one archive in the seed directory, with its manifest and torrent. Reading an entry
 * checks the manifest's signature and the archive's name and length, but not the archive's hash.
 *
 * @module
 */

import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { parsePublicKey } from "../../identity/mod.ts";
import {
  archiveFileName,
  MAX_MINIMAL_MANIFEST_BYTES,
  minimalFileName,
  type MinimalManifest,
  otherArchiveFileName,
  PackageError,
  parseMinimal,
  torrentFileName,
  verifyMinimalSignature,
} from "../../package/mod.ts";
import {
  fileError,
  hardLinkRefused,
  isCode,
  linkRefused,
  type OpenOptions,
  readAtMost,
  StoreError,
} from "../files/mod.ts";
import { hasTorrentBeside, stampOf } from "./seed_stamp.ts";

/** Reasons why an archive in the seed directory cannot be seeded. */
export type SeedProblem =
  | "LINK"
  | "NOT_A_FILE"
  | "MANIFEST_MISSING"
  | "MANIFEST_INVALID"
  | "WRONG_NAME"
  | "WRONG_LENGTH"
  | "UNREADABLE";

interface EntryFile {
  /** File name of the archive, usually `NAME-VERSION.tgz`. */
  fileName: string;
  archivePath: string;
  /** Path of the minimal manifest, whether or not it exists. */
  minimalPath: string;
  /** Path of the torrent, whether or not it exists. */
  torrentPath: string;
  /** Size of the archive, in bytes. */
  sizeBytes: number;
  /** Modification time of the archive, Unix milliseconds. */
  mtimeMs: number;
  /** Inode number of the archive. */
  inode: number;
}

/**
 * An archive in the seed directory whose minimal manifest has a valid signature and matches the
 * archive.
 */
export interface ValidSeedEntry extends EntryFile {
  name: string;
  version: string;
  minimal: MinimalManifest;
  /** Whether the torrent file exists. A missing torrent can be created from the archive. */
  hasTorrent: boolean;
  problem?: undefined;
}

/** A file in the seed directory that has the name of an archive but cannot be seeded. */
export interface InvalidSeedEntry extends EntryFile {
  /** Description of the problem, for users. */
  problem: string;
  problemCode: SeedProblem;
}

/** An archive in the seed directory, valid or invalid. */
export type SeedEntry = ValidSeedEntry | InvalidSeedEntry;

/**
 * Reads the status and the manifest of one archive. Never follows a symbolic link, and refuses
 * files with more than one name (hard links).
 *
 * @returns `undefined` if the file does not exist
 * @throws {StoreError} if the directory cannot be read
 */
export async function readSeedEntry(dir: string, fileName: string): Promise<SeedEntry | undefined> {
  const archivePath = join(dir, fileName);
  const paths = {
    fileName,
    archivePath,
    minimalPath: minimalFileName(archivePath),
    torrentPath: torrentFileName(archivePath),
  };
  let info;
  try {
    info = await lstat(archivePath);
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return undefined;
    throw fileError(cause, "read", archivePath);
  }
  const file = { ...paths, sizeBytes: info.size, mtimeMs: info.mtimeMs, inode: info.ino };
  const invalid = (problemCode: SeedProblem, problem: string) => ({
    ...file,
    problemCode,
    problem,
  });
  if (info.isSymbolicLink()) return invalid("LINK", linkRefused(archivePath).message);
  if (!info.isFile()) return invalid("NOT_A_FILE", `${archivePath} is not a regular file`);
  if (info.nlink > 1) {
    return invalid("LINK", hardLinkRefused(archivePath, info.nlink).message);
  }
  const minimal = await readMinimal(paths.minimalPath, { oneName: true });
  if ("problem" in minimal) return invalid(minimal.code, minimal.problem);
  const { name, version, length } = minimal.manifest;
  if (!fileNamesOf(minimal.manifest).includes(fileName)) {
    return invalid(
      "WRONG_NAME",
      `${paths.minimalPath} is of ${name}@${version}, whose archive is called ` +
        archiveFileName(name, version),
    );
  }
  if (length !== info.size) {
    return invalid(
      "WRONG_LENGTH",
      `${archivePath} has ${info.size} bytes, its minimal manifest says ${length}`,
    );
  }
  const hasTorrent = hasTorrentBeside(archivePath);
  return { ...file, name, version, minimal: minimal.manifest, hasTorrent };
}

/**
 * Whether a publisher's version needs no download: its archive is here, or its file name belongs to an
 * archive that is not valid, which a download could not replace.
 */
export async function isTaken(dir: string, minimal: MinimalManifest): Promise<boolean> {
  for (const fileName of fileNamesOf(minimal)) {
    const entry = await readSeedEntry(dir, fileName);
    if (!entry) continue;
    if (entry.problem !== undefined || entry.minimal.pubkey === minimal.pubkey) return true;
  }
  return false;
}

/**
 * Returns the two possible file names of a package's archive: the usual name, and the name to use
 * if another publisher's archive has the usual name.
 */
export function fileNamesOf(
  { name, version, pubkey }: Pick<MinimalManifest, "name" | "version" | "pubkey">,
): [usual: string, other: string] {
  const publicKey = parsePublicKey(pubkey);
  return [archiveFileName(name, version), otherArchiveFileName(name, version, publicKey)];
}

/**
 * Creates the entry of an archive from a manifest that was read earlier. Reads neither the archive
 * nor the manifest file.
 *
 * @returns `undefined` if `minimal` is `undefined`, or the archive does not exist or is a link
 */
export function knownSeedEntry(
  dir: string,
  fileName: string,
  minimal: MinimalManifest | undefined,
): ValidSeedEntry | undefined {
  const archivePath = join(dir, fileName);
  const stamp = minimal && stampOf(archivePath);
  if (!stamp || !stamp.isSeedable) return undefined;
  const { sizeBytes, mtimeMs, inode } = stamp;
  const { name, version } = minimal;
  const hasTorrent = hasTorrentBeside(archivePath);
  const minimalPath = minimalFileName(archivePath);
  const torrentPath = torrentFileName(archivePath);
  const paths = { fileName, archivePath, minimalPath, torrentPath };
  return { ...paths, sizeBytes, mtimeMs, inode, name, version, minimal, hasTorrent };
}

type MinimalFile =
  | { manifest: MinimalManifest }
  | { code: SeedProblem; problem: string };

/** Reads a minimal manifest from a file and checks its signature. */
export async function readMinimal(path: string, options: OpenOptions = {}): Promise<MinimalFile> {
  try {
    const manifest = parseMinimal(await readAtMost(path, MAX_MINIMAL_MANIFEST_BYTES, options));
    if (verifyMinimalSignature(manifest)) return { manifest };
    return { code: "MANIFEST_INVALID", problem: `the signature of ${path} does not hold` };
  } catch (error) {
    if (error instanceof PackageError) {
      return { code: "MANIFEST_INVALID", problem: `${path}: ${error.message}` };
    }
    if (!(error instanceof StoreError)) throw error;
    const codes: Record<string, SeedProblem> = {
      FILE_MISSING: "MANIFEST_MISSING",
      LINK_REFUSED: "LINK",
      NOT_A_FILE: "NOT_A_FILE",
    };
    return { code: codes[error.code] ?? "UNREADABLE", problem: error.message };
  }
}

/**
 * Whether a path is a regular file. Returns `false` for a symbolic link, even to a regular file.
 */
export async function isRegularFile(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isFile();
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return false;
    throw fileError(cause, "read", path);
  }
}
