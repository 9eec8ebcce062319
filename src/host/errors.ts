/**
 * Errors of the host.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `HOME_IN_USE` | in-use | another process holds the home's lock and does not end |
 * | `TCP_PORT_IN_USE`, `HTTP_ADDRESS_IN_USE` | in-use | another program uses the address |
 * | `HTTP_FAILED` | failed | the HTTP page cannot listen |
 * | `CONTROL_UNREACHABLE` | failed | the host ended or closed its socket |
 * | `WORKER_DIED` | failed | the engine's thread no longer answers |
 * | `HOST_STOPPING` | failed | the host is stopping |
 * | `UNREADABLE` | failed | an archive in the seed directory cannot be read at present |
 * | `DOWNLOAD_CANCELLED` | failed | the caller ended its wait for a download |
 * | `TORRENT_TOO_LARGE` | verification | a torrent is longer than the limit of a caller that waits for it |
 * | `PACKAGE_NOT_FOUND` | not-found | the seed directory has no such package |
 * | `NAME_INDEX_LOCKED` | failed | the index of a name cannot be written today |
 * | `ENTRY_TIME_WRONG` | failed | a name index entry was signed under a wrong clock |
 * | `TORRENT_INVALID` | usage | the given file is no torrent |
 * | `PACKAGE_AMBIGUOUS` | usage | several publishers' packages have the name and version |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of this room. */
export class HostError extends LibreseedError {
  override name = "HostError";
}
