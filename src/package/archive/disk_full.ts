/**
 * Adds details to the error for a full disk: the package that did not fit, the directory, and the
 * number of bytes that the package needs. Code that writes files knows only paths, so its callers
 * wrap it in {@linkcode namingFullDisk}.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { formatBytes, isDiskFull } from "../../base/mod.ts";
import { PackageError } from "../errors.ts";
import { withoutTemporary } from "./temporaries.ts";

/** The package that is being written, described for the error message. */
export interface DiskNeed {
  /** The package as `NAME@VERSION`, or another description for people. */
  what: string;
  /** The directory to which the package is written. */
  directory: string;
  /**
   * A path in that directory at which a directory may be created. Needed by a thread that may not
   * open the directory itself.
   */
  stagingPath?: string;
  /**
   * Returns the number of bytes that the package needs in the directory, if known. Called only if
   * the disk is full.
   */
  neededBytes?: () => number | undefined | Promise<number | undefined>;
  /** Advice in addition to freeing space, such as "give another directory with --dir". */
  otherwise?: string;
}

/**
 * Runs a function that writes a package. If the disk is full, the thrown error names the package.
 *
 * @throws {PackageError} `DISK_FULL`, with `path`, `package`, `neededBytes` and `freeBytes` in its
 * detail
 * @throws any other error of `write`
 */
export async function namingFullDisk<T>(need: DiskNeed, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (!isDiskFull(cause) || cause instanceof PackageError && "package" in cause.detail) {
      throw cause;
    }
    const { what, otherwise } = need;
    const directory = withoutTemporary(need.directory);
    const neededBytes = await Promise.resolve(need.neededBytes?.()).catch(() => undefined);
    const freeBytes = await freeBytesIn(directory, need.stagingPath);
    const needs = neededBytes === undefined ? "" : `: it needs ${formatBytes(neededBytes)}`;
    const free = freeBytes === undefined
      ? ""
      : `${needs === "" ? ":" : ","} ${formatBytes(freeBytes)} are free`;
    const message = `No space left in ${directory} for ${what}${needs}${free}. ` +
      `Free some space${otherwise === undefined ? "" : `, or ${otherwise}`}, and try again`;
    const detail = { path: directory, package: what, neededBytes, freeBytes };
    throw new PackageError("failed", "DISK_FULL", message, { cause, detail });
  }
}

/**
 * Returns the number of bytes free for an ordinary user; `undefined` if the system does not report
 * the number. A thread that may not open the directory asks about a new directory in it.
 */
async function freeBytesIn(directory: string, probe?: string): Promise<number | undefined> {
  const free = await freeBytesOf(directory);
  if (free !== undefined || probe === undefined) return free;
  try {
    await Deno.mkdir(probe);
  } catch {
    return undefined;
  }
  try {
    return await freeBytesOf(probe);
  } finally {
    await Deno.remove(probe).catch(() => {});
  }
}

async function freeBytesOf(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
