/**
 * The errors of the command line. Errors of other rooms pass through it unchanged.
 *
 * @module
 */

import { LibreseedError } from "../../base/mod.ts";

/**
 * An error in the command line, in something that it names, or in a standard stream.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `BAD_ARGUMENTS`, `UNKNOWN_COMMAND` | usage | the command line is invalid |
 * | `STDIN_INVALID` | usage | standard input holds no valid list of paths |
 * | `BAD_SOURCE_DATE_EPOCH` | usage | the variable is not a number of seconds |
 * | `HOME_NOT_FOUND` | not-found | the command needs an existing home |
 * | `NO_DAEMON` | not-found | the command needs a running daemon |
 * | `PACKAGE_NOT_FOUND`, `RECORD_NOT_FOUND` | not-found | nothing of that name is here |
 * | `NOT_INSTALLED`, `NOT_FOLLOWED`, `NO_PIN` | not-found | there is nothing to remove |
 * | `NOTHING_FOUND` | not-found | a search had no result |
 * | `FILE_EXISTS` | failed | the target file exists and was not overwritten |
 * | `STILL_RUNNING` | failed | the daemon did not stop in time |
 * | `STDOUT_FAILED`, `FILE_INVALID` | failed | a stream or a file cannot be used |
 * | `UNEXPECTED` | failed | the command-line parser failed |
 */
export class CliError extends LibreseedError {
  override name = "CliError";
}

/**
 * Prefixes an error's message with the path or flag that it concerns, unless it already names it.
 */
export function errorAbout(subject: string, error: unknown): unknown {
  if (!(error instanceof LibreseedError) || error.message.includes(subject)) return error;
  const { kind, code, message, detail } = error;
  return new CliError(kind, code, `${subject}: ${message}`, { cause: error, detail });
}

/** The reader closed our standard output (`libreseed list | head -1`). No message is printed. */
export class OutputClosed extends CliError {
  override name = "OutputClosed";

  constructor(cause?: unknown) {
    super("failed", "OUTPUT_CLOSED", "standard output was closed by its reader", { cause });
  }
}

/** The signals that request an orderly end of the process. */
export type EndSignal = "SIGINT" | "SIGTERM";

/** The abort reason of `Io.signal`: a signal requested the end of the process. */
export class Interrupted extends CliError {
  override name = "Interrupted";

  constructor(readonly signalName: EndSignal) {
    super("failed", "INTERRUPTED", `ended by ${signalName}`);
  }
}
