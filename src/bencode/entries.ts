/**
 * Finds the entries of a bencoded dictionary, such as a `.torrent`, without decoding them.
 *
 * @module
 */

import { BencodeScanner, MALFORMED } from "./scanner.ts";
import { LETTER_D, LETTER_E } from "./tokens.ts";

/** An entry of a bencoded dictionary. The bytes are views of the dictionary's. */
export interface DictionaryEntry {
  /** The key as a bencoded byte string, one character for each byte: `4:info`. */
  key: string;
  /** The bencoded value, and key and value together. */
  value: Uint8Array;
  bytes: Uint8Array;
}

/** Maximum length of a key that is compared, bytes. A longer key is passed on in part. */
const MAX_KEY_BYTES = 32;

/**
 * Passes the entries of a dictionary to `visit`, in their order.
 *
 * @param dictionary the whole dictionary
 * @returns whether the bytes are one well-formed dictionary of at most 32 levels
 */
export function visitEntries(
  dictionary: Uint8Array,
  visit: (entry: DictionaryEntry) => void,
): boolean {
  if (dictionary[0] !== LETTER_D) return false;
  const scanner = new BencodeScanner(dictionary);
  let at = 1;
  while (dictionary[at] !== LETTER_E) {
    const value = scanner.byteStringEnd(at);
    const end = value === MALFORMED ? MALFORMED : scanner.valueEnd(value, 1);
    if (end === MALFORMED) return false;
    const key = String.fromCharCode(
      ...dictionary.subarray(at, Math.min(value, at + MAX_KEY_BYTES)),
    );
    visit({ key, value: dictionary.subarray(value, end), bytes: dictionary.subarray(at, end) });
    at = end;
  }
  return at === dictionary.length - 1;
}
