/**
 * Errors of trust in keys.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `KEY_REVOKED` | verification | a revoked key has signed, and the archive is in no list of good archives |
 * | `CERTIFICATE_NOT_YET` | verification | the certificate of the key begins in the future |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of `src/trust`. The module comment of this file lists the error codes. */
export class TrustError extends LibreseedError {
  override name = "TrustError";
}
