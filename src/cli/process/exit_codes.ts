/**
 * The one place where outcomes become exit codes.
 *
 * @module
 */

import { type ErrorKind, LibreseedError } from "../../base/mod.ts";
import { type EndSignal, OutputClosed } from "./errors.ts";

/** Exit codes; part of the interface, so they do not change. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  verification: 4,
  network: 5,
  inUse: 6,
  /** Some of several things failed and others did not. */
  someFailed: 7,
  /** 128 + SIGINT. */
  interrupted: 130,
  /**
   * 128 + SIGPIPE, as any Unix tool whose reader leaves early. Not 0: `verify *.tgz | head -1` has not
   * looked at all the files.
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

/** The exit code for anything that was thrown. */
export function exitCodeOfError(error: unknown): number {
  if (error instanceof OutputClosed) return exitCodes.outputClosed;
  return error instanceof LibreseedError ? codeOfKind[error.kind] : exitCodes.failed;
}

/** The exit code of a process that a signal ended. */
export function exitCodeOfSignal(name: EndSignal): number {
  return name === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated;
}

/**
 * One exit code for several outcomes: 0 if all are; 7 if some are; else, when all failed, the code
 * they share, or 4 if one of them is a failed verification, or 1.
 */
export function combineExitCodes(codes: readonly number[]): number {
  const failures = codes.filter((code) => code !== exitCodes.done);
  if (failures.length === 0) return exitCodes.done;
  if (failures.length < codes.length) return exitCodes.someFailed;
  if (new Set(failures).size === 1) return failures[0]!;
  return failures.includes(exitCodes.verification) ? exitCodes.verification : exitCodes.failed;
}
