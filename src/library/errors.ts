/**
 * The error class of `src/library`. The functions of the library also throw the errors of the rooms
 * that do their work, with the codes of these rooms.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `MANIFEST_NOT_FOUND` | not-found | no manifest lies beside an archive |
 * | `MANIFEST_UNREADABLE` | failed | the manifest beside an archive cannot be read |
 * | `SIGNATURE_INVALID` | verification | a record or a manifest is not signed by the key that it names |
 * | `PUBLISHER_MISMATCH` | verification | another publisher has signed than the caller expects |
 * | `RECORD_INVALID` | verification | a record lies under the salt of another one |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

export { type ErrorKind, LibreseedError, type LibreseedErrorOptions } from "../base/mod.ts";

/** An error of a call into the library. The head of this file lists the codes. */
export class LibraryError extends LibreseedError {
  override name = "LibraryError";
}
