/**
 * Errors of finding and downloading a package.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `DHT_UNREACHABLE` | network | no DHT node answered, or none is known |
 * | `CATALOG_UNREACHABLE` | network | a catalog could not be fetched in time |
 * | `RECORD_NOT_FOUND` | not-found | the DHT does not know it |
 * | `VERSION_NOT_FOUND` | not-found | no version fits the range |
 * | `RECORD_INVALID` | verification | a record says something else than it should |
 * | `DOWNGRADE` | verification | an older version than before is offered |
 * | `MAGNET_INCOMPLETE`, `TORRENT_INVALID` | usage | what was given names no archive |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of this room. */
export class FetchingError extends LibreseedError {
  override name = "FetchingError";
}
