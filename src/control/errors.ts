/**
 * Errors between a command and the host of its home.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `HOME_NOT_WRITABLE` | failed | the home cannot be made, or a file in it |
 * | `HOME_PATH_TOO_LONG` | usage | the control socket's path would be longer than the system allows |
 * | `SERVER_LOST` | failed | control socket ended for want of files, and cannot be had back |
 * | `CONTROL_UNREACHABLE` | failed | the owner of the engine ended or closed its socket |
 * | `CONTROL_NOT_OURS` | failed | the control socket, or its directory, is another user's |
 * | `CONTROL_SILENT` | failed | the owner of the engine is there and does not answer |
 * | `CONTROL_REQUEST` | usage | a request on the control socket makes no sense |
 * | `CONTROL_ANSWER` | failed | the owner of the engine answers in another form: another version |
 * | `WORKER_DIED` | failed | the engine's thread does not answer any more |
 * | `NO_PEERS` | network | nothing of an archive came, or no more; `detail.reason` says why |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of this room. */
export class ControlError extends LibreseedError {
  override name = "ControlError";
}

/** The error, with what it is about in its message: the path of a file, or whose catalog it is. */
export function named(error: unknown, what: string): unknown {
  if (!(error instanceof LibreseedError) || error.message.includes(what)) return error;
  const { kind, code, detail, message } = error;
  return new ControlError(kind, code, `${what}: ${message}`, { cause: error, detail });
}
