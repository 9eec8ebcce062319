/**
 * Finds the info dictionary in the bytes of a `.torrent` (BEP 3) without decoding them. The scan checks
 * that the dictionary is well-formed, and does not look at its fields.
 *
 * @module
 */

import { BencodeScanner, COLON, LETTER_D, LETTER_E, MALFORMED } from "../../bencode/mod.ts";

/** `info` as a bencoded byte string. */
const INFO_KEY = Uint8Array.of(0x34, COLON, 0x69, 0x6e, 0x66, 0x6f);

/**
 * Returns the bencoded info dictionary.
 *
 * @param torrent the whole file
 * @returns a view of its bytes; `undefined` if `torrent` is not one well-formed dictionary of at most
 * 32 levels that fills it and has exactly one `info`, a dictionary
 */
export function findInfoDictionary(torrent: Uint8Array): Uint8Array | undefined {
  if (torrent[0] !== LETTER_D) return undefined;
  const scanner = new BencodeScanner(torrent);
  let info: Uint8Array | undefined;
  let at = 1;
  while (torrent[at] !== LETTER_E) {
    const value = scanner.byteStringEnd(at);
    const end = value === MALFORMED ? MALFORMED : scanner.valueEnd(value, 1);
    if (end === MALFORMED) return undefined;
    if (isInfoKey(torrent, at, value)) {
      if (info !== undefined || torrent[value] !== LETTER_D) return undefined;
      info = torrent.subarray(value, end);
    }
    at = end;
  }
  return at === torrent.length - 1 ? info : undefined;
}

function isInfoKey(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === INFO_KEY.length && INFO_KEY.every((byte, i) => bytes[start + i] === byte);
}
