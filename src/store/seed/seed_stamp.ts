/**
 * What tells an archive of the seed directory, with the manifest beside it, from another or an altered
 * one, without reading either. Asked for thousands of archives at a time, so it does not wait: a call
 * takes a hundredth of a millisecond, a promise for it several times as much.
 *
 * @module
 */

import { minimalFileName, torrentFileName } from "../../package/mod.ts";
import type { FileIdentity, KnownSeed } from "../state/mod.ts";

/** An archive and its manifest as they lie there now. */
export interface SeedStamp extends FileIdentity {
  /** Whether the archive is a regular file. */
  isFile: boolean;
  /** Changes whenever the manifest does; `none` if there is none. */
  manifestMark: string;
  /** When the younger of the two was changed, Unix milliseconds. */
  changedMs: number;
}

/** Looks at an archive; `undefined` if there is none, or it cannot be looked at. */
export function stampOf(archivePath: string): SeedStamp | undefined {
  const archive = look(archivePath);
  if (!archive) return undefined;
  const manifest = look(minimalFileName(archivePath));
  return {
    sizeBytes: archive.size,
    mtimeMs: archive.mtimeMs,
    inode: archive.ino,
    isFile: archive.isFile,
    manifestMark: manifest?.isFile
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

/** Whether a regular file lies where an archive's torrent belongs. */
export function hasTorrentBeside(archivePath: string): boolean {
  return look(torrentFileName(archivePath))?.isFile ?? false;
}

function look(path: string) {
  try {
    const { size, mtime, ctime, ino, isFile } = Deno.lstatSync(path);
    const [mtimeMs, ctimeMs] = [mtime, ctime].map((time) => time?.getTime() ?? 0) as [
      number,
      number,
    ];
    return { size, mtimeMs, ctimeMs, ino: ino ?? 0, isFile };
  } catch {
    return undefined;
  }
}

/** A stamp as text: what is before the semicolon is of the archive. */
export function markOf({ sizeBytes, mtimeMs, inode, manifestMark }: SeedStamp): string {
  return `${sizeBytes} ${mtimeMs} ${inode};${manifestMark}`;
}

/** Whether archive and manifest are those that were remembered. */
export function isUnchanged(stamp: SeedStamp, known: KnownSeed): boolean {
  return stamp.isFile && stamp.sizeBytes === known.sizeBytes && stamp.mtimeMs === known.mtimeMs &&
    stamp.inode === known.inode && stamp.manifestMark === known.manifestMark;
}
