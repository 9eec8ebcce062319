/**
 * The error of the client. It is no `LibreseedError`, so that a browser loads nothing else for it.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `API_UNREACHABLE` | network | no answer came, or it ended too early |
 * | `API_ANSWER` | failed | the answer is not one of libreseed |
 *
 * All other codes are those of the daemon.
 *
 * @module
 */

import type { ErrorKind } from "../base/mod.ts";

/** An error that the daemon has answered, or the lack of an answer. */
export class ApiError extends Error {
  override name = "ApiError";
  /** Category of the error. */
  readonly kind: ErrorKind;
  /** Code that identifies the failure. */
  readonly code: string;
  /** HTTP status of the answer; 0 if there was none. */
  readonly status: number;
  /** Facts about the error for programs. */
  readonly detail: Record<string, unknown>;

  constructor(
    kind: ErrorKind,
    code: string,
    message: string,
    options: { status?: number; detail?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.code = code;
    this.status = options.status ?? 0;
    this.detail = options.detail ?? {};
  }
}
