/**
 * One archive in the seed directory, with what lies beside it. Nothing here hashes archives: that an
 * archive has the length its signed manifest says is checked, that it has the hash is for others.
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
import { fileError, isCode, linkRefused, readAtMost, StoreError } from "../files/mod.ts";
import { hasTorrentBeside, stampOf } from "./seed_stamp.ts";

/** Ending of an archive's file name. */
const ARCHIVE_SUFFIX = ".tgz";

/** What can be wrong with an archive in the seed directory. */
export type SeedProblem =
  | "LINK"
  | "NOT_A_FILE"
  | "MANIFEST_MISSING"
  | "MANIFEST_INVALID"
  | "WRONG_NAME"
  | "WRONG_LENGTH"
  | "UNREADABLE";

interface EntryFile {
  /** `NAME-VERSION.tgz`, as it lies there. */
  fileName: string;
  archivePath: string;
  /** Where its minimal manifest lies or should lie. */
  minimalPath: string;
  /** Where its torrent lies or should lie. */
  torrentPath: string;
  /** Size of the archive. */
  sizeBytes: number;
  /** When the archive was last written, Unix milliseconds. */
  mtimeMs: number;
  /** Inode of the archive. */
  inode: number;
}

/** An archive with a signed minimal manifest that fits it. */
export interface ValidSeedEntry extends EntryFile {
  name: string;
  version: string;
  minimal: MinimalManifest;
  /** Whether there is a torrent at `torrentPath`; one can be made from the archive. */
  hasTorrent: boolean;
  problem?: undefined;
}

/** Something that has an archive's file name but cannot be seeded as it is. */
export interface InvalidSeedEntry extends EntryFile {
  /** What is wrong, for people. */
  problem: string;
  problemCode: SeedProblem;
}

/** What lies in the seed directory under an archive's file name. */
export type SeedEntry = ValidSeedEntry | InvalidSeedEntry;

/** Whether a file in the seed directory is to be looked at as an archive. */
export function isArchiveName(fileName: string): boolean {
  return fileName.endsWith(ARCHIVE_SUFFIX) && !fileName.startsWith(".") && !/[/\\]/.test(fileName);
}

/**
 * Looks at one archive. Never follows a symbolic link.
 *
 * @returns `undefined` if there is nothing of this name
 * @throws {StoreError} only if the directory cannot be looked into
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
  const minimal = await readMinimal(paths.minimalPath);
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
  const hasTorrent = await isRegularFile(paths.torrentPath);
  return { ...file, name, version, minimal: minimal.manifest, hasTorrent };
}

/** The file names that an archive may have: the usual one, and that beside another publisher's. */
export function fileNamesOf(
  { name, version, pubkey }: Pick<MinimalManifest, "name" | "version" | "pubkey">,
): [usual: string, other: string] {
  const publicKey = parsePublicKey(pubkey);
  return [archiveFileName(name, version), otherArchiveFileName(name, version, publicKey)];
}

/**
 * The same of an archive whose manifest is known and unchanged: neither is read.
 *
 * @returns `undefined` if there is nothing of this name, or it is not known
 */
export function knownSeedEntry(
  dir: string,
  fileName: string,
  minimal: MinimalManifest | undefined,
): ValidSeedEntry | undefined {
  const archivePath = join(dir, fileName);
  const stamp = minimal && stampOf(archivePath);
  if (!stamp) return undefined;
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

/** Reads a minimal manifest and checks its signature. */
export async function readMinimal(path: string): Promise<MinimalFile> {
  try {
    const manifest = parseMinimal(await readAtMost(path, MAX_MINIMAL_MANIFEST_BYTES));
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

/** Whether a regular file lies there; a link to one does not count. */
export async function isRegularFile(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isFile();
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return false;
    throw fileError(cause, "read", path);
  }
}
