/**
 * Hard links to files that are on the disk already, in place of files that an archive would write anew.
 * A file is linked only if its contents have just been hashed, and if it is otherwise the file that
 * would be written: a regular file of the same user with the same mode, which nobody may write to.
 *
 * A failure to link is no error: the caller writes the file.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";
import { isNotGranted } from "../archive/mod.ts";

/** Knows files on the disk by their SHA-256. */
export interface ExistingFiles {
  /**
   * Returns absolute paths of files that had the given SHA-256 when they were written. They may have
   * been changed or removed since.
   *
   * @param sha256 in hexadecimal
   */
  find(sha256: string): string[];
}

/** A file to link. */
export interface WantedFile {
  /** SHA-256 in hexadecimal. */
  sha256: string;
  sizeBytes: number;
  executable: boolean;
  /** Absolute path of the link to make, which must not exist. */
  target: string;
}

const READ_BYTES = 256 * 1024;

/** Makes hard links to existing files, and counts them. */
export class FileLinks {
  /** Number of files that were linked. */
  files = 0;
  /** Lengths of the linked files together, in bytes. */
  bytes = 0;
  readonly #existing: ExistingFiles;
  readonly #samplePath: string;
  readonly #buffer = new Uint8Array(READ_BYTES);
  #sample: Deno.FileInfo | undefined;
  /** Whether the file system refuses links, so that no more files are read for nothing. */
  #isRefused = false;

  /**
   * @param samplePath path of a file that was just written without the executable bit: linked files have
   *   its owner and mode
   */
  constructor(existing: ExistingFiles, samplePath: string) {
    this.#existing = existing;
    this.#samplePath = samplePath;
  }

  /** Links a file, reading it synchronously. For small files. Returns whether a link was made. */
  linkNow(wanted: WantedFile): boolean {
    for (const source of this.#candidates(wanted)) {
      const info = this.#examine(source, wanted);
      if (info === undefined) continue;
      const hash = createHash("sha256");
      using file = openSame(source, info);
      if (!file) continue;
      for (let count; (count = readSome(file, this.#buffer)) > 0;) this.#update(hash, count);
      if (this.#link(source, info, hash, wanted)) return true;
    }
    return false;
  }

  /** Links a file like {@linkcode FileLinks.linkNow}, and yields to the event loop while reading. */
  async link(wanted: WantedFile): Promise<boolean> {
    for (const source of this.#candidates(wanted)) {
      const info = this.#examine(source, wanted);
      if (info === undefined) continue;
      const hash = createHash("sha256");
      using file = openSame(source, info);
      if (!file) continue;
      for (let count; (count = await file.read(this.#buffer).catch(() => null) ?? 0) > 0;) {
        this.#update(hash, count);
      }
      if (this.#link(source, info, hash, wanted)) return true;
    }
    return false;
  }

  #candidates({ sha256, sizeBytes }: WantedFile): string[] {
    // An empty file takes no blocks, and a file may have only so many links.
    return this.#isRefused || sizeBytes === 0 ? [] : this.#existing.find(sha256);
  }

  /** Returns the facts of a file that may be linked. */
  #examine(source: string, { sizeBytes, executable }: WantedFile): Deno.FileInfo | undefined {
    try {
      this.#sample ??= Deno.lstatSync(this.#samplePath);
      const { uid, mode, dev, ino } = this.#sample;
      // Windows tells neither modes nor inodes here, so files are not linked there.
      if (mode === null || ino === null) return undefined;
      const found = Deno.lstatSync(source);
      const expected = executable ? mode | (mode & 0o444) >> 2 : mode;
      const isLike = found.isFile && found.size === sizeBytes && found.mode === expected &&
        found.uid === uid && found.dev === dev;
      return isLike ? found : undefined;
    } catch {
      return undefined;
    }
  }

  #update(hash: Hash, count: number): void {
    hash.update(this.#buffer.subarray(0, count));
  }

  #link(source: string, info: Deno.FileInfo, hash: Hash, { sha256, target }: WantedFile): boolean {
    if (hash.digest("hex") !== sha256) return false;
    try {
      Deno.linkSync(source, target);
    } catch (error) {
      // The file was removed meanwhile, or has as many links as the file system allows: the next file
      // may be linked all the same.
      const code = (error as { code?: string }).code;
      this.#isRefused = isNotGranted(error) || !["ENOENT", "EMLINK"].includes(code ?? "");
      return false;
    }
    // Another process may have replaced the file after it was hashed.
    if (!isSame(Deno.lstatSync(target), info)) {
      Deno.removeSync(target);
      return false;
    }
    this.files++;
    this.bytes += info.size;
    return true;
  }
}

/** Opens a file for reading, unless another file has taken its place. */
function openSame(path: string, info: Deno.FileInfo): Deno.FsFile | undefined {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch {
    return undefined;
  }
  if (isSame(file.statSync(), info)) return file;
  file.close();
  return undefined;
}

/** Reads the next bytes of a file. Returns 0 at its end, and where it cannot be read. */
function readSome(file: Deno.FsFile, buffer: Uint8Array): number {
  try {
    return file.readSync(buffer) ?? 0;
  } catch {
    return 0;
  }
}

function isSame(one: Deno.FileInfo, other: Deno.FileInfo): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}
