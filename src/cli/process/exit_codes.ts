/**
 * Maps outcomes and errors to exit codes. All exit codes are chosen here.
 *
 * @module
 */

import { type ErrorKind, LibreseedError } from "../../base/mod.ts";
import { type EndSignal, OutputClosed } from "./errors.ts";

/** The exit codes of libreseed. Scripts depend on them, so they never change. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  verification: 4,
  network: 5,
  inUse: 6,
  /** Exit code of a command with several operations, some of which failed. */
  someFailed: 7,
  /** Exit code after SIGINT: 128 + the signal's number. */
  interrupted: 130,
  /**
   * Exit code after the reader closed standard output early: 128 + SIGPIPE, as for other Unix
   * tools. Not 0, because `verify *.tgz | head -1` has not verified all files.
   */
  outputClosed: 141,
  /** Exit code after SIGTERM: 128 + the signal's number. */
  terminated: 143,
} as const;

/** The meaning of each exit code, as the manual pages and `docs/commands.md` give it. */
export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  done: "done",
  failed: "failed",
  usage: "usage: the command line or a setting makes no sense",
  notFound: "not found",
  verification: "verification failed",
  network: "network unreachable",
  inUse: "port, home or seed directory in use",
  someFailed: "some of several failed",
  interrupted: "ended by SIGINT",
  outputClosed: "standard output was closed by its reader",
  terminated: "ended by SIGTERM",
};

const codeOfKind: Record<ErrorKind, number> = {
  "failed": exitCodes.failed,
  "usage": exitCodes.usage,
  "not-found": exitCodes.notFound,
  "verification": exitCodes.verification,
  "network": exitCodes.network,
  "in-use": exitCodes.inUse,
};

/** Returns the exit code for a value that a command threw, usually an error. */
export function exitCodeOfError(error: unknown): number {
  if (error instanceof OutputClosed) return exitCodes.outputClosed;
  return error instanceof LibreseedError ? codeOfKind[error.kind] : exitCodes.failed;
}

/** Returns the exit code for a process that a signal ended. */
export function exitCodeOfSignal(name: EndSignal): number {
  return name === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated;
}

/**
 * Combines the exit codes of several operations: 0 if all succeeded, 7 if only some succeeded. If
 * all failed: the common code if all have the same code; otherwise 4 if any verification failed;
 * otherwise 1.
 */
export function combineExitCodes(codes: readonly number[]): number {
  const failures = codes.filter((code) => code !== exitCodes.done);
  if (failures.length === 0) return exitCodes.done;
  if (failures.length < codes.length) return exitCodes.someFailed;
  if (new Set(failures).size === 1) return failures[0]!;
  return failures.includes(exitCodes.verification) ? exitCodes.verification : exitCodes.failed;
}
