/**
 * What can go wrong between a command, the daemon and the worker.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `HOME_IN_USE` | in-use | another process owns the home and does not let go |
 * | `TCP_PORT_IN_USE`, `HTTP_ADDRESS_IN_USE` | in-use | another program has the address |
 * | `HTTP_FAILED` | failed | the HTTP page cannot listen |
 * | `CONTROL_UNREACHABLE` | failed | the owner of the engine ended or closed its socket |
 * | `CONTROL_SILENT` | failed | the owner of the engine is there and does not answer |
 * | `CONTROL_REQUEST` | usage | a request on the control socket makes no sense |
 * | `HOST_STOPPING` | failed | the engine is being ended |
 * | `NOTHING_TO_PUBLISH`, `NOTHING_TO_ADD` | not-found | there is no such file or directory |
 * | `ARCHIVE_IS_READY` | usage | a ready archive cannot get another name or version |
 * | `NO_MINIMAL_MANIFEST` | usage | nothing beside the archive says who signed it |
 * | `NOT_THE_PUBLISHER` | failed | the archive is signed by another key than this home's |
 * | `VERSION_TAKEN` | failed | the version is published already, with other bytes |
 * | `RECORD_CONFLICT`, `RECORD_SUPERSEDED` | failed | another record came in between |
 * | `DHT_UNREACHABLE` | network | no DHT node answered, or none is known |
 * | `NO_PEERS` | network | nobody was found who seeds, or the download stalled |
 * | `CATALOG_UNREACHABLE` | network | a catalog could not be fetched in time |
 * | `RECORD_NOT_FOUND`, `NAME_NOT_FOUND` | not-found | the DHT does not know it |
 * | `VERSION_NOT_FOUND` | not-found | no version fits the range |
 * | `PACKAGE_NOT_FOUND`, `NOT_INSTALLED` | not-found | this home does not have it |
 * | `RECORD_INVALID` | verification | a record says something else than it should |
 * | `PUBLISHER_CHANGED`, `PUBLISHER_NOT_TRUSTED` | verification | the publisher is not the pinned one |
 * | `DOWNGRADE` | verification | an older version than before is offered |
 * | `NAME_INDEX_LOCKED`, `NAME_INDEX_BUSY` | failed | the index of a name cannot be written now |
 * | `MAGNET_INCOMPLETE`, `TORRENT_INVALID` | usage | what was given names no archive |
 * | `PACKAGE_NEEDED`, `PACKAGE_AMBIGUOUS` | usage | which package is meant is not clear |
 * | `CONFLICT`, `DEPENDENCIES_INVALID` | failed, verification | dependencies cannot be satisfied |
 * | `DEPENDENCIES_TOO_DEEP`, `TOO_MANY_PACKAGES`, `INSTALL_TOO_LARGE` | failed | an install has bounds |
 * | `LOCK_MISSING`, `NOT_IN_LOCK`, `LOCK_MISMATCH` | not-found, verification | the lock file does not say so |
 * | `LINK_OCCUPIED`, `LINK_FAILED` | failed | a link cannot be made |
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
