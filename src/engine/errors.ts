/**
 * Errors of the `engine` room.
 *
 * Codes: `TCP_PORT_IN_USE`, `TCP_PORT_FAILED`, `ENGINE_CLOSED`, `TORRENT_INVALID`,
 * `TORRENT_TOO_LARGE`, `TORRENT_UNEXPECTED` (the torrent's length or number of files differs from
 * the manifest), `TORRENT_FAILED`, `DOWNLOAD_CANCELLED`, `REUSE_INVALID` (ranges that are offered for reuse
 * overlap, or lie outside of the archive).
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** A failure of the engine or of one torrent. */
export class EngineError extends LibreseedError {
  override name = "EngineError";
}

/** Makes the error of an engine that has been closed. */
export function engineClosed(cause?: unknown): EngineError {
  const message = "The torrent engine has been closed";
  return new EngineError("failed", "ENGINE_CLOSED", message, { cause });
}

/** Makes the error of an engine that has ended by itself. */
export function engineFailed(cause: Error): EngineError {
  const message = `The torrent engine failed: ${cause.message}`;
  return new EngineError("failed", "ENGINE_CLOSED", message, { cause });
}
