/**
 * Errors of names, their indexes and pins.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `DHT_UNREACHABLE` | network | no DHT node answered, or none is known |
 * | `NAME_NOT_FOUND` | not-found | the index of the name has no publisher |
 * | `VERSION_NOT_FOUND` | not-found | no version satisfies the range |
 * | `PUBLISHER_CHANGED`, `PUBLISHER_NOT_TRUSTED` | verification | the publisher is not the pinned one |
 * | `NAME_INDEX_LOCKED`, `NAME_INDEX_BUSY` | failed | the index of a name cannot be written at present |
 * | `ENTRY_TIME_WRONG` | failed | a wrong clock dated an entry of a name's index |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of this room. */
export class NamesError extends LibreseedError {
  override name = "NamesError";
}
