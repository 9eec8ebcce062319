/**
 * Errors of publishing.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `NOTHING_TO_PUBLISH`, `NOTHING_TO_ADD` | not-found | there is no such file or directory |
 * | `ARCHIVE_IS_READY` | usage | a ready archive cannot change its name or version |
 * | `NO_MINIMAL_MANIFEST` | usage | no minimal manifest is beside the archive |
 * | `NOT_THE_PUBLISHER` | failed | the archive is signed by another key than this home's |
 * | `VERSION_TAKEN` | failed | the version is published already, with other bytes |
 * | `RECORD_CONFLICT`, `RECORD_SUPERSEDED` | failed | another machine put a record at the same moment |
 * | `DHT_UNREACHABLE` | network | no DHT node answered, or none is known |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of this room. */
export class PublishingError extends LibreseedError {
  override name = "PublishingError";
}
