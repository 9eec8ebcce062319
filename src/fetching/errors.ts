/**
 * Errors of finding and downloading a package.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `DHT_UNREACHABLE` | network | no DHT node answered, or none is known |
 * | `CATALOG_UNREACHABLE` | network | a catalog could not be fetched in time |
 * | `RECORD_NOT_FOUND` | not-found | nodes answered, and none has the record |
 * | `VERSION_NOT_FOUND` | not-found | no version satisfies the range |
 * | `RECORD_INVALID` | verification | a record names another package, or its manifest has a wrong signature |
 * | `DOWNGRADE` | verification | the found version is below a high-water mark |
 * | `MAGNET_INCOMPLETE`, `TORRENT_INVALID` | usage | a magnet link or a `.torrent` names no archive |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of this room. */
export class FetchingError extends LibreseedError {
  override name = "FetchingError";
}
