/**
 * Copies members of other archives into the file of a download. Only bytes with a member's hash are
 * written, and none to the beginning that the download has. A source that is gone, cut or changed costs its
 * members.
 *
 * Deno has no call that copies a part of a file inside the kernel, or shares its blocks (`copy_file_range`,
 * `FICLONERANGE`), so the bytes pass through memory, which their hashes need anyway.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { equalBytes } from "../../base/mod.ts";
import type { ReusedRange } from "../../engine/mod.ts";
import { MEMBER_HASH_BYTES } from "../../package/mod.ts";
import { readAt } from "./member_index.ts";
import type { Run } from "./plan.ts";

/** Options of {@linkcode copyRuns}. */
export interface CopyOptions {
  runs: readonly Run[];
  /** Path of the download's file. */
  targetPath: string;
  /** Number of bytes at the download's beginning that it has. They are not written. */
  readyBytes: number;
  /** Called with the number of bytes that are copied so far. */
  onCopied?: (bytes: number) => void;
  signal?: AbortSignal;
}

/** Maximum length of a member that is hashed on this thread, in bytes. Longer ones take another thread less time. */
const HASHED_HERE_BYTES = 4 * 1024;
/** Maximum number of ranges that are offered to the engine. */
const MAX_RANGES = 65_536;

/**
 * Copies members, in the order of the download. A failed write, such as on a full disk, ends the copying.
 *
 * @returns the ranges that were written, in order, adjacent ones merged. After a failed write, the last
 * range may hold wrong bytes
 */
export async function copyRuns(
  { runs, targetPath, readyBytes, onCopied, signal }: CopyOptions,
): Promise<ReusedRange[]> {
  const written: ReusedRange[] = [];
  if (runs.length === 0) return written;
  const target = await openTarget(targetPath);
  if (!target) return written;
  const source = new Source();
  let copiedBytes = 0;
  try {
    for (const run of runs) {
      if (signal?.aborted) break;
      const bytes = await source.read(run);
      if (!bytes) continue;
      for (const good of await goodParts(run, bytes)) {
        if (good.endBytes <= readyBytes) continue;
        const { endBytes } = good;
        const startBytes = Math.max(good.startBytes, readyBytes);
        const before = written.at(-1);
        if (before?.endBytes !== startBytes && written.length === MAX_RANGES) return written;
        const part = bytes.subarray(startBytes - run.targetAt, endBytes - run.targetAt);
        // The range counts before it is written. A failed write may have written a part of it over pieces
        // that the download had, so the engine has to check them again.
        if (before?.endBytes === startBytes) before.endBytes = endBytes;
        else written.push({ startBytes, endBytes });
        await writeFully(target, startBytes, part);
        copiedBytes += endBytes - startBytes;
      }
      onCopied?.(copiedBytes);
    }
  } catch {
    // The ranges written before are good. The download itself meets the same error, and reports it.
  } finally {
    source.close();
    target.close();
  }
  return written;
}

/**
 * Opens the download's file; `undefined` if the path is a link, symbolic or hard. The engine refuses such a
 * file, but its thread could put one there afterwards, which leads to where only this thread may write.
 */
async function openTarget(path: string): Promise<Deno.FsFile | undefined> {
  const file = await Deno.open(path, { write: true });
  try {
    const [there, opened] = [Deno.lstatSync(path), file.statSync()];
    const isSame = there.ino === opened.ino && there.dev === opened.dev;
    if (isSame && !there.isSymlink && (opened.nlink ?? 1) <= 1) return file;
  } catch {
    // The file was moved away meanwhile.
  }
  file.close();
  return undefined;
}

/** Returns the parts of a run, by their positions in the download, whose bytes have the members' hashes. */
async function goodParts(
  { members, targetAt }: Run,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<ReusedRange[]> {
  let at = 0;
  // Long digests are computed on other threads.
  const checked = await Promise.all(members.map(async ({ hash, lengthBytes }) => {
    const startBytes = targetAt + at;
    const part = bytes.subarray(at, at += lengthBytes);
    const digest = part.length <= HASHED_HERE_BYTES
      ? createHash("sha256").update(part).digest()
      : new Uint8Array(await crypto.subtle.digest("SHA-256", part));
    const isGood = equalBytes(digest.subarray(0, MEMBER_HASH_BYTES), hash);
    return { startBytes, endBytes: startBytes + lengthBytes, isGood };
  }));
  const parts: ReusedRange[] = [];
  for (const { startBytes, endBytes, isGood } of checked) {
    if (!isGood) continue;
    const before = parts.at(-1);
    if (before?.endBytes === startBytes) before.endBytes = endBytes;
    else parts.push({ startBytes, endBytes });
  }
  return parts;
}

/** The archive from which the last run came, which stays open for the next. */
class Source {
  #path: string | undefined;
  #file: Deno.FsFile | undefined;

  /** Reads a run; `undefined` if the archive is gone or ends before. */
  async read(
    { path, sourceAt, lengthBytes }: Run,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      if (path !== this.#path) {
        this.close();
        this.#path = path;
        this.#file = await Deno.open(path);
      }
      if (!this.#file) return undefined;
      const bytes = new Uint8Array(lengthBytes);
      return await readAt(this.#file, sourceAt, bytes) === lengthBytes ? bytes : undefined;
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

async function writeFully(file: Deno.FsFile, position: number, bytes: Uint8Array): Promise<void> {
  file.seekSync(position, Deno.SeekMode.Start);
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
