/**
 * Finds the info dictionary in the bytes of a `.torrent` (BEP 3) without decoding the bytes. The
 * scan checks that the dictionary is well-formed bencode, but does not check its fields.
 *
 * @module
 */

import { BencodeScanner, COLON, LETTER_D, LETTER_E, MALFORMED } from "../../bencode/mod.ts";

/** The key `info` as a bencoded byte string. */
const INFO_KEY = Uint8Array.of(0x34, COLON, 0x69, 0x6e, 0x66, 0x6f);

/**
 * Finds the bencoded info dictionary in a `.torrent`.
 *
 * @param torrent the whole file
 * @returns a view of the info dictionary's bytes; `undefined` unless the file is one well-formed
 * dictionary of at most 32 levels with exactly one `info`, which is a dictionary
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
