/**
 * Errors of the control socket, between a command and the host process of its home.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `HOME_NOT_WRITABLE` | failed | the home directory, or a file in it, cannot be created |
 * | `HOME_PATH_TOO_LONG` | usage | the control socket's path would be longer than the system allows |
 * | `SERVER_LOST` | failed | the control socket failed for lack of file descriptors, and cannot be served again |
 * | `CONTROL_UNREACHABLE` | failed | the host ended or closed its socket |
 * | `CONTROL_NOT_OURS` | failed | the control socket, or its directory, belongs to another user |
 * | `CONTROL_SILENT` | failed | the host runs but does not answer |
 * | `CONTROL_REQUEST` | usage | a request on the control socket is invalid |
 * | `CONTROL_ANSWER` | failed | an answer of the host has an unexpected form: the host has another version |
 * | `CONTROL_VERSION` | failed | host and caller have different versions, and do not understand each other |
 * | `WORKER_DIED` | failed | the engine's thread no longer answers |
 * | `PRIVATE_FILE_UNSAFE` | failed | a file with a secret belongs to another user, or others may read it |
 * | `PRIVATE_FILE_UNREADABLE` | failed | a file with a secret cannot be read |
 * | `HTTP_TOKEN_INVALID` | failed | the file of the HTTP API's token has no token in it |
 * | `NO_PEERS` | network | a download received nothing, or stalled; `detail.reason` has the reason |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of `src/control`. The module comment of this file lists the error codes. */
export class ControlError extends LibreseedError {
  override name = "ControlError";
}

/**
 * Returns an error whose message begins with `subject`, for example the path of a file. Returns
 * other values than libreseed's errors, and errors that mention the subject already, unchanged.
 */
export function named(error: unknown, subject: string): unknown {
  if (!(error instanceof LibreseedError) || error.message.includes(subject)) return error;
  const { kind, code, detail, message } = error;
  return new ControlError(kind, code, `${subject}: ${message}`, { cause: error, detail });
}
