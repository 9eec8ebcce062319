/**
 * The base class of all errors of libreseed. An error carries a code for programs, and a kind from
 * which the command line derives the exit code. Errors can be sent as data between threads and over
 * the control socket.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `CLOCK_BEHIND` | failed | signing was refused, because the clock shows a time before the release |
 *
 * @module
 */

import { outOfReach } from "./out_of_reach.ts";

/**
 * Category of an error. `src/cli/process/exit_codes.ts` maps each category to an exit code:
 *
 * - `failed`: any error outside of the other categories
 * - `usage`: the caller's request is invalid
 * - `not-found`: the requested thing does not exist
 * - `verification`: bytes or signatures differ from the signed ones
 * - `network`: no node or peer on the network could be reached
 * - `in-use`: another process uses the port or the seed directory
 */
export type ErrorKind = "failed" | "usage" | "not-found" | "verification" | "network" | "in-use";

/** Optional fields of a {@linkcode LibreseedError}: cause and details. */
export interface LibreseedErrorOptions {
  /** The error that caused this one. Shown to the user with `-v`. */
  cause?: unknown;
  /** Facts about the error for programs, as JSON values. */
  detail?: Record<string, unknown>;
}

/** Base class of all errors that libreseed throws deliberately. */
export class LibreseedError extends Error {
  override name = "LibreseedError";
  /**
   * Code that identifies the failure, in capitals: `ARCHIVE_TOO_LARGE`. Part of the API, so it
   * never changes.
   */
  readonly code: string;
  /** Category of the error, which determines the exit code. */
  readonly kind: ErrorKind;
  /** Facts about the error for programs, as JSON values. */
  readonly detail: Record<string, unknown>;

  /**
   * @param kind determines the exit code
   * @param code identifies the failure, in capitals
   * @param message says what failed, for which thing, and what to do about it
   */
  constructor(kind: ErrorKind, code: string, message: string, options: LibreseedErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.code = code;
    this.detail = options.detail ?? {};
  }
}

/**
 * A {@linkcode LibreseedError} as plain data, to be sent between threads or over the control
 * socket.
 */
export interface ErrorData {
  name: string;
  kind: ErrorKind;
  code: string;
  message: string;
  detail: Record<string, unknown>;
}

/** Converts any thrown value to plain data. An error of another class becomes the kind `failed`. */
export function errorToData(error: unknown): ErrorData {
  if (error instanceof LibreseedError) {
    const { name, kind, code, message, detail } = error;
    return { name, kind, code, message, detail };
  }
  return {
    name: "Error",
    kind: "failed",
    code: "UNEXPECTED",
    message: messageOf(error),
    detail: {},
  };
}

/**
 * Returns the message of any thrown value. Deno's refusals advise flags of `deno run` or
 * `deno compile`; the message is without this advice, because libreseed has no such flags.
 */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name !== "NotCapable") return error.message;
  return outOfReach(error)?.why ??
    error.message.replace(/, (?:run again with|specify the required permissions) .*/s, "");
}

/**
 * Converts data of {@linkcode errorToData} back to an error. Name, kind and code are restored, but
 * the class is always the base class.
 */
export function errorFromData(data: ErrorData): LibreseedError {
  const error = new LibreseedError(data.kind, data.code, data.message, { detail: data.detail });
  error.name = data.name;
  return error;
}
