/**
 * The errors of the command line itself.
 *
 * @module
 */

import { LibreseedError } from "../../base/mod.ts";

/**
 * The command line makes no sense, what it names is not there, or a standard stream or a file beside
 * it failed.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `BAD_ARGUMENTS`, `UNKNOWN_COMMAND` | usage | the command line makes no sense |
 * | `STDIN_INVALID` | usage | the paths on standard input are none |
 * | `BAD_SOURCE_DATE_EPOCH` | usage | the variable is no number of seconds |
 * | `HOME_NOT_FOUND` | not-found | a command that only uses a home found none |
 * | `NO_DAEMON` | not-found | a command that needs the daemon found none |
 * | `PACKAGE_NOT_FOUND`, `RECORD_NOT_FOUND` | not-found | this home has none of that name |
 * | `NOT_INSTALLED`, `NOT_FOLLOWED`, `NO_PIN` | not-found | there is nothing to remove |
 * | `NOTHING_FOUND` | not-found | a search came to nothing |
 * | `FILE_EXISTS` | failed | a file is in the way, and was not overwritten |
 * | `STILL_RUNNING` | failed | the daemon was asked to end and has not |
 * | `STDOUT_FAILED`, `FILE_INVALID` | failed | a stream or a file cannot be used |
 * | `UNEXPECTED` | failed | the parser of the command line failed |
 */
export class CliError extends LibreseedError {
  override name = "CliError";
}

/** The same error, with the path or flag that it is about, if it does not name it itself. */
export function errorAbout(what: string, error: unknown): unknown {
  if (!(error instanceof LibreseedError) || error.message.includes(what)) return error;
  const { kind, code, message, detail } = error;
  return new CliError(kind, code, `${what}: ${message}`, { cause: error, detail });
}

/** Whoever read our standard output has gone (`libreseed list | head -1`). Not worth a message. */
export class OutputClosed extends CliError {
  override name = "OutputClosed";

  constructor(cause?: unknown) {
    super("failed", "OUTPUT_CLOSED", "standard output was closed by its reader", { cause });
  }
}

/** The signals that ask a process to end. */
export type EndSignal = "SIGINT" | "SIGTERM";

/** Why `Io.signal` is aborted: somebody asked the process to end. */
export class Interrupted extends CliError {
  override name = "Interrupted";

  constructor(readonly signalName: EndSignal) {
    super("failed", "INTERRUPTED", `ended by ${signalName}`);
  }
}
