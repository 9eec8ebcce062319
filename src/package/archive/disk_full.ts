/**
 * Names the package in the error for a full disk: which package did not fit, where, and how many
 * bytes it needs. Code that writes files knows only paths, so its callers wrap it in {@linkcode
 * namingFullDisk}.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { isDiskFull } from "../../base/mod.ts";
import { PackageError } from "../errors.ts";
import { withoutTemporary } from "./temporaries.ts";

/** A package that is written, as people know it. */
export interface DiskNeed {
  /** `NAME@VERSION`, or another name for people. */
  what: string;
  /** The directory to write to. */
  directory: string;
  /** Number of bytes that it needs there, if known. Called only if the disk is full. */
  neededBytes?: () => number | undefined | Promise<number | undefined>;
  /** Advice beside freeing space, such as "give another directory with --dir". */
  otherwise?: string;
}

/**
 * Runs a function that writes a package, and names the package if the disk is full.
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
    const freeBytes = await freeBytesOf(directory);
    const needs = neededBytes === undefined ? "" : `: it needs ${neededBytes} bytes`;
    const free = freeBytes === undefined ? "" : `${needs === "" ? ":" : ","} ${freeBytes} are free`;
    const message = `No space left in ${directory} for ${what}${needs}${free}. ` +
      `Free some space${otherwise === undefined ? "" : `, or ${otherwise}`}, and try again`;
    const detail = { path: directory, package: what, neededBytes, freeBytes };
    throw new PackageError("failed", "DISK_FULL", message, { cause, detail });
  }
}

/** Free bytes for an ordinary user; `undefined` if the system does not tell. */
async function freeBytesOf(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
