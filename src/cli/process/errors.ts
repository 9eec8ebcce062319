/**
 * The errors of the command line itself. Errors of other rooms reach the user unchanged.
 *
 * @module
 */

import { LibreseedError } from "../../base/mod.ts";
import type { EndSignal } from "../../launcher/mod.ts";

/**
 * An error in the command line, in a file or value that the command line names, or in a standard
 * stream.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `BAD_ARGUMENTS`, `UNKNOWN_COMMAND` | usage | the command line is invalid |
 * | `STDIN_INVALID` | usage | standard input is not a valid list of paths |
 * | `BAD_SOURCE_DATE_EPOCH` | usage | the variable SOURCE_DATE_EPOCH is not a number of seconds |
 * | `DHT_UNREACHABLE` | network | no DHT node answers, and the keys cannot be changed without one |
 * | `KEY_NOT_FOUND` | not-found | the home has no key |
 * | `HOME_NOT_FOUND` | not-found | the command needs an existing home |
 * | `NO_DAEMON` | not-found | the command needs a running daemon |
 * | `PACKAGE_NOT_FOUND`, `RECORD_NOT_FOUND` | not-found | this home has no package or record of that name |
 * | `NOT_INSTALLED`, `NO_PIN` | not-found | the package or pin to remove does not exist |
 * | `NOTHING_FOUND` | not-found | a search had no result |
 * | `NOT_SIGNED_AGAIN` | failed | a package of this home could not be signed by its new key |
 * | `NOT_THE_PUBLISHER` | failed | the command line names another publisher's key than this home's |
 * | `STILL_RUNNING` | failed | the daemon did not stop in time |
 * | `STDOUT_FAILED`, `FILE_INVALID` | failed | standard output or a file cannot be used |
 * | `UNEXPECTED` | failed | the command-line parser failed |
 * | `NO_BUILT_IN_PUBLISHER` | usage | this build names no publisher of libreseed |
 * | `HOME_IN_USE` | in-use | a daemon runs, so the program is not rolled back |
 * | `PROGRAM_FIXED` | failed | this program cannot replace itself |
 * | `TARGET_EXISTS` | usage | the file to write exists already |
 */
export class CliError extends LibreseedError {
  override name = "CliError";
}

/**
 * Prefixes an error's message with `subject`, a path or flag, unless the message already contains
 * `subject`.
 */
export function errorAbout(subject: string, error: unknown): unknown {
  if (!(error instanceof LibreseedError) || error.message.includes(subject)) return error;
  const { kind, code, message, detail } = error;
  return new CliError(kind, code, `${subject}: ${message}`, { cause: error, detail });
}

/**
 * The error when the reader closes standard output early (`libreseed list | head -1`). The command
 * ends without a message.
 */
export class OutputClosed extends CliError {
  override name = "OutputClosed";

  constructor(cause?: unknown) {
    super("failed", "OUTPUT_CLOSED", "standard output was closed by its reader", { cause });
  }
}

export type { EndSignal };

/** The reason with which `Io.signal` is aborted after SIGINT or SIGTERM. */
export class Interrupted extends CliError {
  override name = "Interrupted";

  constructor(readonly signalName: EndSignal) {
    super("failed", "INTERRUPTED", `ended by ${signalName}`);
  }
}
