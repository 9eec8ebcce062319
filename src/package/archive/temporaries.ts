/**
 * Temporary names, and writing files so that they appear complete or not at all. This also holds
 * after a power cut, if the file and its directory were flushed.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { isDiskFull } from "../../base/mod.ts";
import { messageOf, PackageError } from "../errors.ts";

/** Prefix of all temporary names, including those made by other rooms. */
const TEMPORARY_PREFIX = ".tmp-";
const TEMPORARY_NAME = /^\.tmp-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Whether a file name matches those that {@linkcode Temporaries} creates. Such a file may be left
 * over from a killed process.
 */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY_NAME.test(name);
}

/**
 * Makes temporary names in one directory, all with the prefix `.tmp-`. Disposing of the object
 * removes the files that were not renamed to their final path: `await using temporaries = new
 * Temporaries(directory)`.
 */
export class Temporaries {
  readonly #directory: string;
  readonly #paths = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Returns a new temporary path. Does not create the file. */
  path(): string {
    const path = join(this.#directory, `.tmp-${randomUUID()}`);
    this.#paths.add(path);
    return path;
  }

  /**
   * Renames a temporary file to its final path, replacing an existing file. The caller has to flush
   * the directory.
   */
  async moveIntoPlace(temporary: string, path: string): Promise<void> {
    await Deno.rename(temporary, path).catch((cause) => {
      throw writeFailed(path, cause);
    });
    this.#paths.delete(temporary);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of this.#paths) {
      await Deno.remove(path, { recursive: true }).catch(() => {});
    }
  }
}

/** Flushes a directory, so that renames in it survive a power cut. Does nothing on Windows. */
export async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  const directory = await Deno.open(path);
  try {
    await directory.sync();
  } finally {
    directory.close();
  }
}

/** Converts a system error to a `DISK_FULL` or `WRITE_FAILED` error. */
export function writeFailed(path: string, cause: unknown): PackageError {
  const where = withoutTemporary(path);
  if (isDiskFull(cause)) {
    const message = `No space left to write ${where}. Free some space and try again.`;
    return new PackageError("failed", "DISK_FULL", message, { cause, detail: { path: where } });
  }
  return new PackageError(
    "failed",
    "WRITE_FAILED",
    `${where} cannot be written: ${messageOf(cause)}`,
    { cause, detail: { path } },
  );
}

/**
 * Returns the directory of a temporary file, or of a file in a temporary directory, for error
 * messages: temporary names mean nothing to people. Returns any other path unchanged.
 */
export function withoutTemporary(path: string): string {
  for (let at = path; dirname(at) !== at; at = dirname(at)) {
    if (basename(at).startsWith(TEMPORARY_PREFIX)) return dirname(at);
  }
  return path;
}
