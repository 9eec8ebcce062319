/**
 * The error of this room. The codes are part of the API:
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `BAD_BENCODE` | verification | bytes that are not strict bencode, or beyond a bound |
 * | `BAD_FIELD` | usage | a value that bencode has no form for |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** Bytes that cannot be decoded, or a value that cannot be encoded. */
export class BencodeError extends LibreseedError {
  override name = "BencodeError";
}
