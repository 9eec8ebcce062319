/**
 * Says of a full disk which package did not fit, where, and how much it needs. Those who know the
 * package put this around what writes; what writes knows paths only.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { isDiskFull } from "../../base/mod.ts";
import { PackageError } from "../errors.ts";
import { withoutTemporary } from "./files.ts";

/** The thing that is written, for people. */
export interface DiskNeed {
  /** `NAME@VERSION`, or what stands for it. */
  what: string;
  /** Where it is written. */
  directory: string;
  /** How many bytes it takes there, as far as anybody knows; asked only if the disk is full. */
  neededBytes?: () => number | undefined | Promise<number | undefined>;
  /** What else to do than to free space: "give another directory with --dir". */
  otherwise?: string;
}

/**
 * Runs what writes a package.
 *
 * @throws {PackageError} `DISK_FULL`, with `path`, `package`, `neededBytes` and `freeBytes` in its
 * detail; whatever else `write` throws
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

/** Bytes that an ordinary user may still write; `undefined` where the system does not say. */
async function freeBytesOf(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
