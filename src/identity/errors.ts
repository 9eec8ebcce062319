/**
 * The error class of `src/identity`. The codes are part of the API:
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `CERTIFICATE_INVALID` | verification | a certificate has a wrong field, or another key has signed it |
 * | `CERTIFICATE_UNREADABLE` | failed | the certificate file, or that of the publisher record, cannot be read |
 * | `KEY_EXISTS` | failed | a key file exists already; libreseed never overwrites one |
 * | `KEY_INVALID` | usage, failed | the text or file is not a valid key |
 * | `KEY_IS_LINK` | failed | the path is a symbolic link |
 * | `KEY_NOT_FOUND` | not-found | there is no key file at the path |
 * | `KEY_NOT_OURS` | failed | the key file belongs to another user |
 * | `KEY_NOT_REGULAR_FILE` | failed | the path is a directory, a socket or a device |
 * | `KEY_READABLE_BY_OTHERS` | failed | the group or other users have a permission on the key file |
 * | `KEY_UNREADABLE` | failed | the operating system refuses to read the key file |
 * | `KEY_UNWRITABLE` | failed | the operating system refuses to write the key file |
 * | `PASSPHRASE_NEEDED` | usage | a key is encrypted, and there is neither a terminal nor a passphrase file |
 * | `PASSPHRASE_WRONG` | failed | no given passphrase decrypts the key |
 * | `RECOVERY_CODE_INVALID` | usage | the text is not a recovery code; the message names the wrong group |
 * | `STATEMENT_INVALID` | failed | a statement to sign is of no known kind or breaks a limit |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error about a key, a key file or a statement to sign. The codes are listed at the top of this file. */
export class IdentityError extends LibreseedError {
  override name = "IdentityError";
}
