/**
 * The mapping from outcomes and errors to exit codes. No other file chooses an exit code.
 *
 * @module
 */

import { type ErrorKind, LibreseedError } from "../../base/mod.ts";
import { type EndSignal, OutputClosed } from "./errors.ts";

/** Exit codes. Scripts depend on them, so they never change. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  verification: 4,
  network: 5,
  inUse: 6,
  /** Some of several operations failed and the others succeeded. */
  someFailed: 7,
  /** 128 + SIGINT. */
  interrupted: 130,
  /**
   * 128 + SIGPIPE, as for any Unix tool whose reader closes the pipe early. Not 0, because
   * `verify *.tgz | head -1` has not verified all files.
   */
  outputClosed: 141,
  /** 128 + SIGTERM. */
  terminated: 143,
} as const;

const codeOfKind: Record<ErrorKind, number> = {
  "failed": exitCodes.failed,
  "usage": exitCodes.usage,
  "not-found": exitCodes.notFound,
  "verification": exitCodes.verification,
  "network": exitCodes.network,
  "in-use": exitCodes.inUse,
};

/** The exit code for a thrown value. */
export function exitCodeOfError(error: unknown): number {
  if (error instanceof OutputClosed) return exitCodes.outputClosed;
  return error instanceof LibreseedError ? codeOfKind[error.kind] : exitCodes.failed;
}

/** The exit code of a process that a signal ended. */
export function exitCodeOfSignal(name: EndSignal): number {
  return name === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated;
}

/**
 * Combines the exit codes of several operations: 0 if all succeeded, 7 if only some did. If all
 * failed: the code that they share, otherwise 4 if a verification failed, otherwise 1.
 */
export function combineExitCodes(codes: readonly number[]): number {
  const failures = codes.filter((code) => code !== exitCodes.done);
  if (failures.length === 0) return exitCodes.done;
  if (failures.length < codes.length) return exitCodes.someFailed;
  if (new Set(failures).size === 1) return failures[0]!;
  return failures.includes(exitCodes.verification) ? exitCodes.verification : exitCodes.failed;
}
