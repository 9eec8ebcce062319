/**
 * The error of this folder. The codes are part of the API:
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `BAD_BENCODE` | verification | bytes that are not strict bencode, or beyond a bound |
 * | `BAD_RECORD` | verification | bencode that is not the record it should be |
 * | `BAD_FIELD` | usage | a value to be written that no record can hold |
 * | `VALUE_TOO_LARGE` | usage | an item's value of more than 1,000 bytes, encoded |
 * | `BAD_MAGNET` | usage | text that is not a magnet link libreseed can use |
 * | `SEQ_EXHAUSTED` | failed | no larger sequence number exists |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** Something about a record, an item or a magnet link. The codes are listed at the top of this file. */
export class RecordError extends LibreseedError {
  override name = "RecordError";
}
