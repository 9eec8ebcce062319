/**
 * Errors of the `bencode` room. The codes are part of the API:
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `BAD_BENCODE` | verification | the input is not strict bencode, or exceeds a limit |
 * | `BAD_FIELD` | usage | the value cannot be expressed in bencode |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** Error for bytes that cannot be decoded, or for a value that cannot be encoded. */
export class BencodeError extends LibreseedError {
  override name = "BencodeError";
}
