/**
 * Errors of the `engine` room.
 *
 * Codes: `TCP_PORT_IN_USE`, `TCP_PORT_FAILED`, `ENGINE_CLOSED`, `TORRENT_INVALID`, `TORRENT_TOO_LARGE`,
 * `TORRENT_UNEXPECTED` (another length or number of files than the manifest says), `TORRENT_FAILED`,
 * `DOWNLOAD_CANCELLED`.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** A failure of the engine or of one torrent. */
export class EngineError extends LibreseedError {
  override name = "EngineError";
}
