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

/** Whether the manifest of an archive exists beside the archive, as a regular file with one name. */
export function hasManifestBeside(archivePath: string): boolean {
  return statusOf(minimalFileName(archivePath))?.isSeedable ?? false;
}

/**
 * Whether the torrent file of an archive exists beside the archive, as a regular file with one name.
 * A torrent that is a link does not count, and is built again when it is needed.
 */
export function hasTorrentBeside(archivePath: string): boolean {
  return statusOf(torrentFileName(archivePath))?.isSeedable ?? false;
}

/**
 * Time for which a directory has to be unchanged before its stamp tells later changes (ms). Some file systems
 * count times in steps of two seconds.
 */
const DIRECTORY_REST_MS = 2_000;

/**
 * Returns inode and times of a directory as text, which change when a file is added, renamed or removed.
 * `undefined` if the directory cannot be accessed, or has changed so recently that the next change might have
 * the same time.
 *
 * @param nowMs current time, Unix milliseconds
 */
export function directoryStamp(path: string, nowMs: number): string | undefined {
  try {
    const { ino, mtime, ctime } = Deno.statSync(path);
    const [mtimeMs, ctimeMs] = [mtime?.getTime() ?? NaN, ctime?.getTime() ?? 0];
    const isAtRest = nowMs - Math.max(mtimeMs, ctimeMs) > DIRECTORY_REST_MS;
    return isAtRest ? `${ino ?? 0} ${mtimeMs} ${ctimeMs}` : undefined;
  } catch {
    return undefined;
  }
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
 * Converts a stamp to a short text, of which a hundred thousand are in memory: a digest of the archive's size,
 * time and inode, a semicolon, and a digest of the manifest's. The text changes when an archive gets a second
 * name or becomes a link, for such an archive is no longer seeded.
 */
export function markOf(
  { sizeBytes, mtimeMs, inode, isSeedable, manifestMark }: Omit<SeedStamp, "changedMs">,
): string {
  const state = isSeedable ? "" : " refused";
  return `${digestOf(`${sizeBytes} ${mtimeMs} ${inode}${state}`)};${digestOf(manifestMark)}`;
}

/** Digest of 64 bits (FNV-1a, 32 bits each from the beginning and from the end), as text. */
function digestOf(text: string): string {
  let [forward, backward] = [0x811c_9dc5, 0x811c_9dc5];
  for (let i = 0; i < text.length; i++) {
    forward = Math.imul(forward ^ text.charCodeAt(i), 0x0100_0193);
    backward = Math.imul(backward ^ text.charCodeAt(text.length - 1 - i), 0x0100_0193);
  }
  return `${(forward >>> 0).toString(36)}${(backward >>> 0).toString(36)}`;
}

/** Whether archive and manifest are unchanged since `known` was stored in the database. */
export function isUnchanged(stamp: SeedStamp, known: KnownSeed): boolean {
  return stamp.isSeedable && stamp.sizeBytes === known.sizeBytes &&
    stamp.mtimeMs === known.mtimeMs &&
    stamp.inode === known.inode && stamp.manifestMark === known.manifestMark;
}

/** Converts what the database has about an archive to the text that {@linkcode markOf} returned then. */
export function knownMark(known: KnownSeed): string {
  return markOf({ ...known, isSeedable: true });
}
