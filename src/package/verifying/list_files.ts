/**
 * Lists the files of an archive on the disk. The manifest names the files; their lengths are in the tar,
 * so the archive is inflated as far as the caller wants to wait. No file is hashed or written.
 *
 * @module
 */

import { chunksOfArchive, openArchive } from "../archive/mod.ts";
import type { FullManifest, MinimalManifest } from "../manifest/mod.ts";
import { type ArchiveLimits, defaultArchiveLimits } from "../paths/mod.ts";
import { checkLength, checkMinimal, readHead } from "./verify.ts";

/** Options of {@linkcode listFiles}. */
export interface ListFilesOptions {
  archivePath: string;
  /** The minimal manifest of the archive. Its signature is verified. */
  minimal: MinimalManifest;
  limits?: ArchiveLimits;
  /** Maximum number of files to list. */
  maxFiles: number;
  /** Whether to inflate more of the archive, after so many bytes of files. */
  mayGoOn: (inflatedBytes: number) => boolean;
  signal?: AbortSignal;
}

/** A file of an archive. Length and mode are absent if the archive was not inflated so far. */
export interface ListedFile {
  /** Path within the package, with `/`. */
  path: string;
  lengthBytes?: number;
  /** Whether the mode is 0755 rather than 0644. */
  executable?: boolean;
}

/** The files of an archive, in the order of its manifest. */
export interface FileListing {
  /** Description and licence in the publisher's words; untrusted text. */
  said: Pick<FullManifest, "description" | "license">;
  /** Number of all files. */
  fileCount: number;
  files: ListedFile[];
}

/**
 * Reads and verifies the full manifest, and lists the files that it names.
 *
 * @throws {PackageError} kind `verification` if the archive is not sound up to its manifest;
 * `ARCHIVE_NOT_FOUND`, `ARCHIVE_UNREADABLE`, `FILE_CHANGED`
 */
export async function listFiles(options: ListFilesOptions): Promise<FileListing> {
  const { archivePath, minimal, limits = defaultArchiveLimits, maxFiles, signal } = options;
  const begin = () => {};
  checkMinimal(minimal, undefined, begin);
  using archive = await openArchive(archivePath);
  checkLength(archive, minimal, limits, begin);
  const job = { ...options, limits, archive, begin, isLazy: true };
  const { full: { manifest, paths }, entries } = await readHead(
    job,
    chunksOfArchive(archive, signal),
  );
  const { description, license } = manifest;
  const files: ListedFile[] = [];
  const count = Math.min(paths.length, maxFiles);
  try {
    let inflatedBytes = 0;
    let isOver = false;
    while (!isOver && files.length < count && options.mayGoOn(inflatedBytes)) {
      const { done, value: entry } = await entries.next();
      // The files were verified when the archive came here, so another one would be a change on the disk.
      if (done || entry.path !== paths.at(files.length)) break;
      const { path, sizeBytes, executable, whole } = entry;
      files.push({ path, lengthBytes: sizeBytes, executable });
      if (whole) {
        inflatedBytes += sizeBytes;
        continue;
      }
      for await (const chunk of entry.contents()) {
        inflatedBytes += chunk.length;
        isOver = !options.mayGoOn(inflatedBytes);
        if (isOver) break;
      }
    }
  } finally {
    await entries.return(0);
  }
  while (files.length < count) files.push({ path: paths.at(files.length)! });
  return { said: { description, license }, fileCount: paths.length, files };
}
