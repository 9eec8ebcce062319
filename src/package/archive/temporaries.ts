/**
 * Temporary names, and writing files so that they appear complete or not at all. After a power cut
 * a file is complete too, if it and its directory were flushed.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { isDiskFull } from "../../base/mod.ts";
import { messageOf, PackageError } from "../errors.ts";

/** Prefix of all temporary names, also those that other rooms make. */
const TEMPORARY_PREFIX = ".tmp-";
const TEMPORARY_NAME = /^\.tmp-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a file name has the form of {@linkcode Temporaries}: a killed process may have left it. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY_NAME.test(name);
}

/**
 * Makes temporary names in one directory, all with the prefix `.tmp-`. Disposing of it removes the
 * files that were not moved into place: `await using temporaries = new Temporaries(directory)`.
 */
export class Temporaries {
  readonly #directory: string;
  readonly #paths = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Returns a new path. The file is not created. */
  path(): string {
    const path = join(this.#directory, `.tmp-${randomUUID()}`);
    this.#paths.add(path);
    return path;
  }

  /** Renames a file, and replaces an existing one. The caller has to flush the directory. */
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

/** Makes a `DISK_FULL` or `WRITE_FAILED` error from a system error. */
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
 * Returns the directory of a temporary file, or of a file inside a temporary directory: their own names
 * mean nothing to people. Returns any other path as it is.
 */
export function withoutTemporary(path: string): string {
  for (let at = path; dirname(at) !== at; at = dirname(at)) {
    if (basename(at).startsWith(TEMPORARY_PREFIX)) return dirname(at);
  }
  return path;
}
