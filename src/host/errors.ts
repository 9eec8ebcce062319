/**
 * Errors of the process that owns the engine.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `HOME_IN_USE` | in-use | another process owns the home and does not let go |
 * | `TCP_PORT_IN_USE`, `HTTP_ADDRESS_IN_USE` | in-use | another program has the address |
 * | `HTTP_FAILED` | failed | the HTTP page cannot listen |
 * | `CONTROL_UNREACHABLE` | failed | the owner of the engine ended or closed its socket |
 * | `WORKER_DIED` | failed | the engine's thread does not answer any more |
 * | `HOST_STOPPING` | failed | the engine is being ended |
 * | `UNREADABLE` | failed | an archive of the seed directory cannot be looked at now |
 * | `DOWNLOAD_CANCELLED` | failed | who asked for a download does not wait for it any more |
 * | `TORRENT_TOO_LARGE` | verification | a torrent is longer than the limit of one who waits for it |
 * | `PACKAGE_NOT_FOUND` | not-found | this home does not have it |
 * | `NAME_INDEX_LOCKED` | failed | the index of a name cannot be written now |
 * | `ENTRY_TIME_WRONG` | failed | an entry of a name's index was signed by a wrong clock |
 * | `TORRENT_INVALID` | usage | what was given names no archive |
 * | `PACKAGE_AMBIGUOUS` | usage | a name can mean several seeded packages |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of this room. */
export class HostError extends LibreseedError {
  override name = "HostError";
}
