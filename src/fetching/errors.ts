/**
 * Errors of finding and downloading a package.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `DHT_UNREACHABLE` | network | no DHT node answered, or none is known |
 * | `CATALOG_UNREACHABLE` | network | a catalog could not be fetched in time |
 * | `GOOD_LIST_UNREACHABLE` | network | a list of good archives could not be fetched in time |
 * | `GOOD_LIST_INVALID` | verification | a list of good archives has another form |
 * | `GOOD_LIST_TOO_LONG` | usage | a list of good archives to be written has too many |
 * | `RECORD_NOT_FOUND` | not-found | DHT nodes answered, but none has the record |
 * | `NOT_FOLLOWED` | not-found | the publisher or package to unfollow is not followed |
 * | `VERSION_NOT_FOUND` | not-found | no version satisfies the range |
 * | `RECORD_INVALID` | verification | a record names another package, or its manifest has a wrong signature |
 * | `DOWNGRADE` | verification | the found version is lower than one that this home downloaded before |
 * | `ARCHIVE_MOVED` | failed | another command has downloaded the archive, and has not kept it |
 * | `MAGNET_INCOMPLETE`, `TORRENT_INVALID` | usage | a magnet link or a `.torrent` file identifies no archive |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of `src/fetching`. The module comment of this file lists the error codes. */
export class FetchingError extends LibreseedError {
  override name = "FetchingError";
}
