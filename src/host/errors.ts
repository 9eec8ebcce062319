/**
 * Errors of the host.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `HOME_IN_USE` | in-use | another process holds the lock of the home directory for too long |
 * | `BIND_NOT_FOUND` | failed | the setting `bind` names no address or interface of this machine |
 * | `BIND_UNUSABLE` | network | packets from the address of the setting `bind` would leave by another interface |
 * | `BIND_DIFFERS` | usage | the daemon of the home is not bound as the command demands |
 * | `DIR_DIFFERS` | usage | the host of the home has another seed directory than the command |
 * | `TCP_PORT_IN_USE`, `HTTP_ADDRESS_IN_USE` | in-use | another program uses the address |
 * | `HTTP_FAILED` | failed | the HTTP page cannot listen |
 * | `DASHBOARD_MISSING` | failed | the checkout from which the daemon runs is not bundled, so it has no page |
 * | `CONTROL_UNREACHABLE` | failed | the host ended or closed its socket |
 * | `WORKER_DIED` | failed | the engine's thread no longer answers |
 * | `HOST_STOPPING` | failed | the host is stopping |
 * | `UNREADABLE` | failed | an archive in the seed directory cannot be read at present |
 * | `DOWNLOAD_CANCELLED` | failed | the caller stopped waiting for a download |
 * | `TORRENT_TOO_LARGE` | verification | a torrent is longer than the caller's limit |
 * | `RANGES_TOO_LARGE` | usage | ranges of more than 16 MiB were asked for at once |
 * | `PACKAGE_NOT_FOUND` | not-found | the package is not in the seed directory |
 * | `NAME_INDEX_LOCKED` | failed | an attacker has locked a slot of the index of a name |
 * | `ENTRY_TIME_WRONG` | failed | an entry of a name index was signed while the clock was wrong |
 * | `TORRENT_INVALID` | usage | the given file is not a valid `.torrent` file |
 * | `WEBHOOK_SECRET_INVALID` | failed | the file with the secret of the webhook has none |
 * | `PACKAGE_AMBIGUOUS` | usage | several publishers have a package of this name and version |
 * | `PUBLISH_OFF` | usage | the daemon may not sign: `http-publish` or `http` is off |
 * | `NOT_AN_UPLOAD` | usage, not-found | the file to publish is no uploaded one, or is not there |
 * | `NOT_THE_PUBLISHER` | failed | the archive to publish is of another publisher |
 * | `RANGE_WITHOUT_NAME` | usage | a range of versions is to be followed, but of no package |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of `src/host`. The module comment of this file lists the error codes. */
export class HostError extends LibreseedError {
  override name = "HostError";
}
