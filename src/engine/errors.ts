/**
 * What can go wrong in the engine.
 *
 * Codes: `TCP_PORT_IN_USE`, `TCP_PORT_FAILED`, `ENGINE_CLOSED`, `TORRENT_INVALID`, `TORRENT_TOO_LARGE`,
 * `TORRENT_UNEXPECTED` (not the length or number of files that was promised), `TORRENT_FAILED`,
 * `DOWNLOAD_CANCELLED`.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of the `engine` folder. */
export class EngineError extends LibreseedError {
  override name = "EngineError";
}
