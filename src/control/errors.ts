/**
 * Errors between a command and the host of its home.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `HOME_NOT_WRITABLE` | failed | the home cannot be made, or a file in it |
 * | `HOME_PATH_TOO_LONG` | usage | the control socket's path would be longer than the system allows |
 * | `SERVER_LOST` | failed | the control socket failed for lack of file descriptors, and cannot be served again |
 * | `CONTROL_UNREACHABLE` | failed | the host ended or closed its socket |
 * | `CONTROL_NOT_OURS` | failed | the control socket, or its directory, is another user's |
 * | `CONTROL_SILENT` | failed | the host runs and does not answer |
 * | `CONTROL_REQUEST` | usage | a request on the control socket is invalid |
 * | `CONTROL_ANSWER` | failed | an answer of the host has another form: the host is of another version |
 * | `WORKER_DIED` | failed | the engine's thread no longer answers |
 * | `NO_PEERS` | network | a download received nothing, or stalled; `detail.reason` says why |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of this room. */
export class ControlError extends LibreseedError {
  override name = "ControlError";
}

/**
 * Returns an error whose message begins with its subject: the path of a file, or a publisher's catalog.
 * Any other value, and an error that names the subject already, is returned unchanged.
 */
export function named(error: unknown, subject: string): unknown {
  if (!(error instanceof LibreseedError) || error.message.includes(subject)) return error;
  const { kind, code, detail, message } = error;
  return new ControlError(kind, code, `${subject}: ${message}`, { cause: error, detail });
}
