/**
 * Recognises errors that mean that the disk is full.
 *
 * @module
 */

/**
 * Matches "disk full" and "quota exceeded" in error messages of Deno and Node, by the names of the
 * errors or by their numbers on Linux, macOS and Windows.
 */
const SYSTEM_MESSAGE = /\(os error (?:28|69|112|122)\)|\b(?:ENOSPC|EDQUOT)\b/;
const CODES: readonly unknown[] = ["ENOSPC", "EDQUOT", "DISK_FULL"];

/**
 * Whether an error, or any error in its chain of causes, means that no space is left or a quota is
 * exceeded. Messages are checked besides codes, because an error that was sent by a thread or
 * another process has lost its code.
 */
export function isDiskFull(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (CODES.includes((cause as { code?: unknown }).code)) return true;
    if (SYSTEM_MESSAGE.test(cause.message)) return true;
  }
  return false;
}
