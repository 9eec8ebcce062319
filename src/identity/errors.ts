/**
 * The error of this folder. The codes are part of the API:
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `KEY_EXISTS` | failed | a key file is already there; it is never overwritten |
 * | `KEY_INVALID` | usage, failed | text or a file that is not a key |
 * | `KEY_NOT_FOUND` | not-found | no key file at the path |
 * | `KEY_NOT_REGULAR_FILE` | failed | the path is a directory, a socket, a device |
 * | `KEY_READABLE_BY_OTHERS` | failed | group or others have any right to the key file |
 * | `KEY_UNREADABLE` | failed | the system refuses to read the key file |
 * | `KEY_UNWRITABLE` | failed | the system refuses to write the key file |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** Something about a key or a key file. The codes are listed at the top of this file. */
export class IdentityError extends LibreseedError {
  override name = "IdentityError";
}
