/**
 * The error of this folder. The codes are part of the API:
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `DISK_FULL` | failed | no space left, or the user's quota is used up |
 * | `NOT_WRITABLE` | failed | no right to write there, or a read-only file system |
 * | `NOT_READABLE` | failed | no right to read there |
 * | `FILE_MISSING` | not-found | a file that should be read or moved does not exist |
 * | `IO_FAILED` | failed | any other refusal of the system |
 * | `LINK_REFUSED` | failed | a symbolic link where only a regular file will do |
 * | `NOT_A_FILE` | failed | a directory, socket or device where only a regular file will do |
 * | `NOT_A_DIRECTORY` | failed | the seed directory's path is a file |
 * | `BAD_FILE_NAME` | usage | a file name that cannot be that of an archive in the seed directory |
 * | `MANIFEST_INVALID` | verification | a minimal manifest whose signature does not hold |
 * | `ARCHIVE_MISMATCH` | verification | an archive that is not the one its minimal manifest names |
 * | `DIRECTORY_BUSY` | in-use | another process kept a directory of ours locked for ten seconds |
 * | `PACKAGE_DAMAGED` | verification | an installed package is not what was signed any more |
 * | `PACKAGE_CHANGED` | verification | an installed version is offered with other contents |
 * | `VERSION_EXISTS` | failed | another archive of this name and version is already there |
 * | `STATE_NEWER` | failed | the state was written by a newer libreseed |
 * | `STATE_READ_ONLY` | failed | the state can be read but not written |
 * | `STATE_BUSY` | failed | another process kept the state locked for too long |
 * | `STATE_DAMAGED` | failed | SQLite found its file damaged while it was in use |
 * | `STATE_FAILED` | failed | any other error of SQLite |
 *
 * @module
 */

import { LibreseedError, outOfReach } from "../../base/mod.ts";
import { rootOwnedHint } from "./ownership.ts";

/** Something about files or the state on the disk. The codes are listed at the top of this file. */
export class StoreError extends LibreseedError {
  override name = "StoreError";
}

/**
 * Turns an error of the file system into a {@linkcode StoreError}; one that is a StoreError already,
 * or no error of the system at all (an abort), comes back as it is.
 *
 * @param doing what was tried: `write`, `read`
 */
export function fileError(cause: unknown, doing: "read" | "write", path: string): unknown {
  if (cause instanceof StoreError || !(cause instanceof Error)) return cause;
  const code = (cause as { code?: unknown }).code;
  const detail = { path };
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new StoreError("failed", "DISK_FULL", diskFull(path), { cause, detail });
  }
  const denied = ["EACCES", "EPERM", "EROFS"].includes(String(code)) ||
    cause instanceof Deno.errors.NotCapable;
  if (denied) {
    const why = code === "EROFS"
      ? "its file system is read-only"
      : outOfReach(cause)?.why ?? `no permission${rootOwnedHint(path)}`;
    return new StoreError(
      "failed",
      doing === "write" ? "NOT_WRITABLE" : "NOT_READABLE",
      `cannot ${doing} ${path}: ${why}`,
      { cause, detail },
    );
  }
  if (code === "ENOENT") {
    return new StoreError("not-found", "FILE_MISSING", `${path} does not exist`, { cause, detail });
  }
  if (code === "ELOOP") return linkRefused(path, cause);
  if (typeof code !== "string") return cause;
  return new StoreError("failed", "IO_FAILED", `cannot ${doing} ${path}: ${cause.message}`, {
    cause,
    detail,
  });
}

/** The message of `DISK_FULL`. */
export function diskFull(path: string): string {
  return `no space left to write ${path}: nothing was changed; free some space and try again`;
}

/** A `LINK_REFUSED`. */
export function linkRefused(path: string, cause?: unknown): StoreError {
  return new StoreError(
    "failed",
    "LINK_REFUSED",
    `${path} is a symbolic link, and those are not followed here: put the file itself there`,
    { cause, detail: { path } },
  );
}

/** Whether an error is the system's, of this code. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code;
}
