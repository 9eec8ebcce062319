/**
 * Detects changes of archives in the seed directory and of their manifests by size, time and inode,
 * without reading the files. The functions are synchronous: a daemon calls them thousands of times,
 * a call takes about 10 µs, and a promise would take several times as long.
 *
 * @module
 */

import { minimalFileName, torrentFileName } from "../../package/mod.ts";
import type { FileIdentity, KnownSeed } from "../state/mod.ts";

/** Size, times and inode of an archive and of its manifest, to detect changes. */
export interface SeedStamp extends FileIdentity {
  /** Whether the archive is a regular file with one name: no link, neither symbolic nor hard. */
  isSeedable: boolean;
  /** Size, modification time and inode of the manifest as text; `none` if there is no manifest. */
  manifestMark: string;
  /** Time of the last change of the archive or the manifest, Unix milliseconds. */
  changedMs: number;
}

/**
 * Reads the stamp of an archive; `undefined` if the archive does not exist or cannot be accessed.
 */
export function stampOf(archivePath: string): SeedStamp | undefined {
  const archive = statusOf(archivePath);
  if (!archive) return undefined;
  const manifest = statusOf(minimalFileName(archivePath));
  return {
    sizeBytes: archive.size,
    mtimeMs: archive.mtimeMs,
    inode: archive.ino,
    isSeedable: archive.isSeedable,
    manifestMark: manifest?.isSeedable
      ? `${manifest.size} ${manifest.mtimeMs} ${manifest.ino}`
      : "none",
    changedMs: Math.max(
      archive.mtimeMs,
      archive.ctimeMs,
      manifest?.mtimeMs ?? 0,
      manifest?.ctimeMs ?? 0,
    ),
  };
}

/**
 * Whether the torrent file of an archive exists beside the archive, as a regular file with one name.
 * A torrent that is a link does not count, and is built again when it is needed.
 */
export function hasTorrentBeside(archivePath: string): boolean {
  return statusOf(torrentFileName(archivePath))?.isSeedable ?? false;
}

function statusOf(path: string) {
  try {
    const { size, mtime, ctime, ino, isFile, nlink } = Deno.lstatSync(path);
    const mtimeMs = mtime?.getTime() ?? 0;
    const ctimeMs = ctime?.getTime() ?? 0;
    const isSeedable = isFile && (nlink ?? 1) <= 1;
    return { size, mtimeMs, ctimeMs, ino: ino ?? 0, isSeedable };
  } catch {
    return undefined;
  }
}

/**
 * Converts a stamp to text: the archive's size, time and inode, a semicolon, and the manifest's. The
 * text changes when an archive gets a second name or becomes a link, for such an archive is no longer
 * seeded.
 */
export function markOf(
  { sizeBytes, mtimeMs, inode, isSeedable, manifestMark }: Omit<SeedStamp, "changedMs">,
): string {
  const state = isSeedable ? "" : " refused";
  return `${sizeBytes} ${mtimeMs} ${inode}${state};${manifestMark}`;
}

/** Whether archive and manifest are unchanged since `known` was stored in the database. */
export function isUnchanged(stamp: SeedStamp, known: KnownSeed): boolean {
  return markOf(stamp) === knownMark(known);
}

/** Converts what the database has about an archive to the text that {@linkcode markOf} returned then. */
export function knownMark(known: KnownSeed): string {
  return markOf({ ...known, isSeedable: true });
}
