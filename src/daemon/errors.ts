/**
 * What can go wrong between a command, the daemon and the worker.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `HOME_IN_USE` | in-use | another process owns the home and does not let go |
 * | `HOME_NOT_WRITABLE` | failed | the home cannot be made, or a file in it |
 * | `HOME_PATH_TOO_LONG` | usage | the control socket's path would be longer than the system allows |
 * | `TCP_PORT_IN_USE`, `HTTP_ADDRESS_IN_USE` | in-use | another program has the address |
 * | `SERVER_LOST` | failed | control socket ended for want of files, and cannot be had back |
 * | `HTTP_FAILED` | failed | the HTTP page cannot listen |
 * | `CONTROL_UNREACHABLE` | failed | the owner of the engine ended or closed its socket |
 * | `CONTROL_NOT_OURS` | failed | the control socket, or its directory, is another user's |
 * | `CONTROL_SILENT` | failed | the owner of the engine is there and does not answer |
 * | `CONTROL_REQUEST` | usage | a request on the control socket makes no sense |
 * | `WORKER_DIED` | failed | the engine's thread does not answer any more |
 * | `HOST_STOPPING` | failed | the engine is being ended |
 * | `NOTHING_TO_PUBLISH`, `NOTHING_TO_ADD` | not-found | there is no such file or directory |
 * | `UNREADABLE` | failed | an archive of the seed directory cannot be looked at now |
 * | `ARCHIVE_IS_READY` | usage | a ready archive cannot get another name or version |
 * | `NO_MINIMAL_MANIFEST` | usage | nothing beside the archive says who signed it |
 * | `NOT_THE_PUBLISHER` | failed | the archive is signed by another key than this home's |
 * | `VERSION_TAKEN` | failed | the version is published already, with other bytes |
 * | `RECORD_CONFLICT`, `RECORD_SUPERSEDED` | failed | another record came in between |
 * | `DHT_UNREACHABLE` | network | no DHT node answered, or none is known |
 * | `DOWNLOAD_CANCELLED` | failed | who asked for a download does not wait for it any more |
 * | `TORRENT_TOO_LARGE` | verification | a torrent is longer than the limit of one who waits for it |
 * | `NO_PEERS` | network | nothing of an archive came, or no more; `detail.reason` says why |
 * | `CATALOG_UNREACHABLE` | network | a catalog could not be fetched in time |
 * | `RECORD_NOT_FOUND`, `NAME_NOT_FOUND` | not-found | the DHT does not know it |
 * | `VERSION_NOT_FOUND` | not-found | no version fits the range |
 * | `PACKAGE_NOT_FOUND`, `NOT_INSTALLED` | not-found | this home does not have it |
 * | `RECORD_INVALID` | verification | a record says something else than it should |
 * | `PUBLISHER_CHANGED`, `PUBLISHER_NOT_TRUSTED` | verification | the publisher is not the pinned one |
 * | `DOWNGRADE` | verification | an older version than before is offered |
 * | `NAME_INDEX_LOCKED`, `NAME_INDEX_BUSY` | failed | the index of a name cannot be written now |
 * | `ENTRY_TIME_WRONG` | failed | an entry of a name's index was signed by a wrong clock |
 * | `MAGNET_INCOMPLETE`, `TORRENT_INVALID` | usage | what was given names no archive |
 * | `PACKAGE_AMBIGUOUS` | usage | a name can mean several installed packages |
 * | `PACKAGE_NEEDED` | failed | something needs the package that was to be uninstalled |
 * | `CONFLICT` | usage | a package is asked for twice, with ranges that no version satisfies |
 * | `DEPENDENCY_NOT_FOUND` | not-found | a package that another one needs is not to be had |
 * | `DEPENDENCIES_INVALID` | verification | what a package says that it needs makes no sense |
 * | `TOO_MANY_PACKAGES`, `DEPENDENCIES_TOO_DEEP`, `INSTALL_TOO_LARGE` | verification | an install has bounds |
 * | `LOCK_MISSING`, `NOT_IN_LOCK` | not-found | there is no lock file, or it does not hold the name |
 * | `LOCK_INVALID` | failed, verification | a lock file makes no sense, or a signature in it does not hold |
 * | `LOCK_MISMATCH` | verification | a lock file does not agree with a package's manifest |
 * | `LINK_OCCUPIED`, `LINK_FAILED` | failed | a link cannot be made |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of the `daemon` folder. */
export class DaemonError extends LibreseedError {
  override name = "DaemonError";
}

/** The error, with what it is about in its message: the path of a file, or whose catalog it is. */
export function named(error: unknown, what: string): unknown {
  if (!(error instanceof LibreseedError) || error.message.includes(what)) return error;
  const { kind, code, detail, message } = error;
  return new DaemonError(kind, code, `${what}: ${message}`, { cause: error, detail });
}
