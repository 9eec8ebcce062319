/**
 * Whether something failed because a disk is full.
 *
 * @module
 */

/** ENOSPC and EDQUOT of Linux and macOS, ERROR_DISK_FULL of Windows, as Deno and Node write them. */
const SYSTEM_MESSAGE = /\(os error (?:28|69|112|122)\)|\b(?:ENOSPC|EDQUOT)\b/;
const CODES: readonly unknown[] = ["ENOSPC", "EDQUOT", "DISK_FULL"];

/**
 * Whether an error, or one that led to it, says that no space is left or that a quota is used up. An
 * error that came from a thread or another process has no more than its message left.
 */
export function isDiskFull(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (CODES.includes((cause as { code?: unknown }).code)) return true;
    if (SYSTEM_MESSAGE.test(cause.message)) return true;
  }
  return false;
}
