/**
 * The errors of the command line itself.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/**
 * The command line makes no sense, or a standard stream or a file beside it failed. Codes:
 * `BAD_ARGUMENTS`, `UNKNOWN_COMMAND` and `STDIN_INVALID` (kind `usage`), `STDOUT_FAILED` and
 * `FILE_INVALID` (kind `failed`).
 */
export class CliError extends LibreseedError {
  override name = "CliError";
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
