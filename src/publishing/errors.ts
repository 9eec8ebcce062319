/**
 * Errors of publishing.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `NOTHING_TO_PUBLISH`, `NOTHING_TO_ADD` | not-found | the given file or directory does not exist |
 * | `ARCHIVE_IS_READY` | usage | a ready archive cannot change its name or version |
 * | `NO_MINIMAL_MANIFEST` | usage | the file of the minimal manifest is missing beside the archive |
 * | `NOT_THE_PUBLISHER` | failed | the archive is signed by another key than this home's |
 * | `VERSION_TAKEN` | failed | the version is already published with other contents |
 * | `KEY_WITHDRAWN` | failed | the identity has revoked this home's signing key, or does not have it in force |
 * | `PUBLISHER_RECORD_INVALID` | verification | the root key has not signed the publisher record beside the key, or it is malformed |
 * | `NOT_LISTED` | not-found | the publisher's list does not have the package or the version |
 * | `TAG_NOT_FOUND` | not-found | the package does not have the tag |
 * | `FLAGGED_ELSEWHERE` | failed | another key of the identity has set the flag, and decides about it |
 * | `VERSION_YANKED` | failed | a yanked version is to get a tag |
 * | `TAG_INVALID`, `FLAG_TEXT_INVALID` | usage | text is no tag, or no reason or message |
 * | `KEY_NOT_CERTIFIED` | failed | the signing key's certificate does not cover the name |
 * | `LIST_UNKNOWN` | network | the publisher's own catalog could not be read |
 * | `RECORD_CONFLICT`, `RECORD_SUPERSEDED` | failed | another machine put a record of the same package at the same moment |
 * | `DHT_UNREACHABLE` | network | no DHT node answered, or none is known |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of `src/publishing`. The module comment of this file lists the error codes. */
export class PublishingError extends LibreseedError {
  override name = "PublishingError";
}

/** Creates the error that nothing was changed, because no DHT node answers. */
export function silentDht(): PublishingError {
  return new PublishingError(
    "network",
    "DHT_UNREACHABLE",
    "No DHT node answers, so the newest list of this publisher is not known. Nothing was changed: try again later",
  );
}
