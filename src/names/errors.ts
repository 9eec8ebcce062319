/**
 * Errors of names, their indexes and pins.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `DHT_UNREACHABLE` | network | no DHT node answered, or none is known |
 * | `NAME_NOT_FOUND` | not-found | the index of the name contains no publisher |
 * | `VERSION_NOT_FOUND` | not-found | no version satisfies the range |
 * | `PUBLISHER_CHANGED`, `PUBLISHER_NOT_TRUSTED` | verification | the name is pinned to another publisher, or no publisher of the name is trusted |
 * | `NAME_INDEX_LOCKED`, `NAME_INDEX_BUSY` | failed | the index of a name cannot be written now: an attacker locked it, or other publishers write it |
 * | `ENTRY_TIME_WRONG` | failed | an entry of a name's index has an impossible time, because it was signed while the clock was wrong |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of `src/names`. The module comment of this file lists the error codes. */
export class NamesError extends LibreseedError {
  override name = "NamesError";
}
