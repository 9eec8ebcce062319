/**
 * The error class of `src/store`. The codes are part of the API:
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `DISK_FULL` | failed | no space left, or the user's quota is exceeded |
 * | `NOT_WRITABLE` | failed | no write permission, or a read-only file system |
 * | `NOT_READABLE` | failed | no read permission |
 * | `FILE_MISSING` | not-found | a file to read or move does not exist |
 * | `IO_FAILED` | failed | any other error of the file system |
 * | `LINK_REFUSED` | failed | a symbolic link instead of a regular file, or a file with several names |
 * | `NOT_A_FILE` | failed | a directory, socket or device instead of a regular file |
 * | `NOT_A_DIRECTORY` | failed | the path of the seed directory is a file |
 * | `BAD_FILE_NAME` | usage | not a valid file name for an archive in the seed directory |
 * | `MANIFEST_INVALID` | verification | a minimal manifest with an invalid signature |
 * | `ARCHIVE_MISMATCH` | verification | an archive that differs from its minimal manifest |
 * | `DIRECTORY_BUSY` | in-use | another process kept the directory locked for too long |
 * | `PACKAGE_DAMAGED` | verification | an installed package differs from its signed manifest |
 * | `PACKAGE_CHANGED` | verification | an installed version is offered with other contents |
 * | `TOO_MANY_ROOTS` | failed | more lock files and links refer to installed packages than the store remembers |
 * | `VERSION_EXISTS` | failed | the seed directory has this version with other contents |
 * | `STATE_NEWER` | failed | `state.db` was written by a newer libreseed |
 * | `STATE_READ_ONLY` | failed | `state.db` can be read but not written |
 * | `STATE_BUSY` | failed | another process kept `state.db` locked for too long |
 * | `STATE_DAMAGED` | failed | SQLite found `state.db` damaged while it was in use |
 * | `STATE_COPY_MISSING` | not-found | the copy of `state.db` for an earlier libreseed is not there or too new |
 * | `NO_PREVIOUS_PROGRAM` | not-found | no upgrade has kept a program |
 * | `STATE_FAILED` | failed | any other error of SQLite |
 *
 * @module
 */

import { LibreseedError, outOfReach } from "../../base/mod.ts";
import { rootOwnedHint } from "./ownership.ts";

/** An error about files or `state.db`. The codes are listed at the top of this file. */
export class StoreError extends LibreseedError {
  override name = "StoreError";
}

/**
 * Converts an error of the file system to a {@linkcode StoreError}. Returns other errors unchanged,
 * such as an abort or a {@linkcode LibreseedError}.
 *
 * @param doing the operation that failed, for the message
 */
export function fileError(cause: unknown, doing: "read" | "write", path: string): unknown {
  if (cause instanceof LibreseedError || !(cause instanceof Error)) return cause;
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

/** Returns the message of a `DISK_FULL` error. */
export function diskFull(path: string): string {
  return `no space left to write ${path}: nothing was changed; free some space and try again`;
}

/** Creates a `LINK_REFUSED` error. */
export function linkRefused(path: string, cause?: unknown): StoreError {
  return new StoreError(
    "failed",
    "LINK_REFUSED",
    `${path} is a symbolic link, and those are not followed here: put the file itself there`,
    { cause, detail: { path } },
  );
}

/**
 * Creates a `LINK_REFUSED` error for a file with more than one name. Its other names may lie outside
 * of the directory to which a thread is confined, and the system cannot tell where.
 *
 * @param names number of names (hard links) that the file has
 */
export function hardLinkRefused(path: string, names: number): StoreError {
  return new StoreError(
    "failed",
    "LINK_REFUSED",
    `${path} has ${names} names (hard links), and the others may lie outside of the seed directory: ` +
      `make it a file of its own with \`cp -p ${path} ${path}.copy && mv ${path}.copy ${path}\``,
    { detail: { path, names } },
  );
}

/** Whether an error has the given code, such as `ENOENT`. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code;
}
