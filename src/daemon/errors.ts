/**
 * What can go wrong between a command, the daemon and the worker.
 *
 * Codes: `HOME_IN_USE` (another process owns the home), `CONTROL_UNREACHABLE`, `CONTROL_REQUEST`
 * (a request that makes no sense), `HOST_STOPPING`, `HOST_LOOKUP_FAILED`, `PUBLISHER_NEEDED`,
 * `PACKAGE_NOT_FOUND`, `PACKAGE_NOT_SEEDED`, `DHT_UNREACHABLE`, `VERSION_TAKEN`, `NOTHING_TO_PUBLISH`,
 * `NO_MINIMAL_MANIFEST`, `RECORD_NOT_FOUND`, `RECORD_INVALID`, `NO_PEERS`.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of the `daemon` folder. */
export class DaemonError extends LibreseedError {
  override name = "DaemonError";
}

/** The error, with the path of the file that it is about in its message. */
export function named(error: unknown, path: string): unknown {
  if (!(error instanceof LibreseedError) || error.message.includes(path)) return error;
  const { kind, code, detail, message } = error;
  return new DaemonError(kind, code, `${path}: ${message}`, { cause: error, detail });
}
