/**
 * Errors of the `records` room. The codes are part of the API:
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `BAD_BENCODE` | verification | the bytes are not strict bencode, or exceed a limit |
 * | `BAD_RECORD` | verification | the bencode is valid, but not a record of the expected type |
 * | `BAD_FIELD` | usage | a field to be encoded has an invalid value |
 * | `VALUE_TOO_LARGE` | usage | the encoded value of an item exceeds 1,000 bytes |
 * | `BAD_MAGNET` | usage | the text is not a magnet link that libreseed can use |
 * | `SEQ_EXHAUSTED` | failed | the sequence number has reached its maximum |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** Error about a record, an item or a magnet link. The top of this file lists its codes. */
export class RecordError extends LibreseedError {
  override name = "RecordError";
}
