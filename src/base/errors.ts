/**
 * The error that every folder's own error class extends. It carries what the command line needs to
 * choose an exit code, and survives the trip through the worker and the control socket.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `CLOCK_BEHIND` | failed | something is to be signed, and the clock shows a time before the release |
 *
 * @module
 */

/**
 * The kind of a failure. The command line turns it into an exit code, in one place
 * (`src/cli/process/exit_codes.ts`):
 *
 * - `failed`: anything that is none of the below
 * - `usage`: the caller asked for something that makes no sense
 * - `not-found`: the thing that was looked for does not exist
 * - `verification`: bytes or signatures are not what was signed
 * - `network`: nothing was reached on the network
 * - `in-use`: the port or the seed directory belongs to another process
 */
export type ErrorKind = "failed" | "usage" | "not-found" | "verification" | "network" | "in-use";

/** Options of {@linkcode LibreseedError}. */
export interface LibreseedErrorOptions {
  /** The error that led to this one; shown with `-v`. */
  cause?: unknown;
  /** Facts a program would want to read, as JSON values. */
  detail?: Record<string, unknown>;
}

/** Base of all errors that libreseed throws on purpose. */
export class LibreseedError extends Error {
  override name = "LibreseedError";
  /** Names the failure, in capitals: `ARCHIVE_TOO_LARGE`. Part of the API; does not change. */
  readonly code: string;
  /** Chooses the exit code. */
  readonly kind: ErrorKind;
  /** Facts a program would want to read, as JSON values. */
  readonly detail: Record<string, unknown>;

  /**
   * @param kind chooses the exit code
   * @param code names the failure, in capitals
   * @param message what happened, to which thing, what to do about it
   */
  constructor(kind: ErrorKind, code: string, message: string, options: LibreseedErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.code = code;
    this.detail = options.detail ?? {};
  }
}

/** A {@linkcode LibreseedError} as plain data, for the worker's and the control socket's messages. */
export interface ErrorData {
  name: string;
  kind: ErrorKind;
  code: string;
  message: string;
  detail: Record<string, unknown>;
}

/** Turns any thrown value into plain data. What is not a {@linkcode LibreseedError} becomes `failed`. */
export function errorToData(error: unknown): ErrorData {
  if (error instanceof LibreseedError) {
    const { name, kind, code, message, detail } = error;
    return { name, kind, code, message, detail };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { name: "Error", kind: "failed", code: "UNEXPECTED", message, detail: {} };
}

/** The reverse of {@linkcode errorToData}. The class is the base class; name, kind and code are kept. */
export function errorFromData(data: ErrorData): LibreseedError {
  const error = new LibreseedError(data.kind, data.code, data.message, { detail: data.detail });
  error.name = data.name;
  return error;
}
