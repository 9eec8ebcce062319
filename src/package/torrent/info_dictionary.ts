/**
 * Finds the entries of a `.torrent` (BEP 3), above all the info dictionary, without decoding the
 * bytes. The scan checks that the entries are well-formed bencode, but does not check their fields.
 *
 * @module
 */

import { BencodeScanner, LETTER_D, LETTER_E, MALFORMED } from "../../bencode/mod.ts";

/** The key `info` as a bencoded byte string. */
const INFO_KEY = "4:info";

/** An entry of the dictionary that a `.torrent` is. The bytes are views of the file's. */
export interface TorrentEntry {
  /** The key as a bencoded byte string, one character for each byte: `4:info`. */
  key: string;
  /** The bencoded value, and key and value together. */
  value: Uint8Array;
  bytes: Uint8Array;
}

/** Maximum length of a key that is compared, bytes. A longer key is passed on in part. */
const MAX_KEY_BYTES = 32;

/**
 * Passes the entries of a `.torrent` to `visit`, in their order.
 *
 * @param torrent the whole file
 * @returns whether the file is one well-formed dictionary of at most 32 levels
 */
export function visitEntries(torrent: Uint8Array, visit: (entry: TorrentEntry) => void): boolean {
  if (torrent[0] !== LETTER_D) return false;
  const scanner = new BencodeScanner(torrent);
  let at = 1;
  while (torrent[at] !== LETTER_E) {
    const value = scanner.byteStringEnd(at);
    const end = value === MALFORMED ? MALFORMED : scanner.valueEnd(value, 1);
    if (end === MALFORMED) return false;
    const key = String.fromCharCode(...torrent.subarray(at, Math.min(value, at + MAX_KEY_BYTES)));
    visit({ key, value: torrent.subarray(value, end), bytes: torrent.subarray(at, end) });
    at = end;
  }
  return at === torrent.length - 1;
}

/**
 * Finds the bencoded info dictionary in a `.torrent`.
 *
 * @param torrent the whole file
 * @returns a view of the info dictionary's bytes; `undefined` unless the file is one well-formed
 * dictionary of at most 32 levels with exactly one `info`, which is a dictionary
 */
export function findInfoDictionary(torrent: Uint8Array): Uint8Array | undefined {
  const found: Uint8Array[] = [];
  const isWhole = visitEntries(torrent, ({ key, value }) => {
    if (key === INFO_KEY && found.length < 2) found.push(value);
  });
  const [info, other] = found;
  return isWhole && other === undefined && info?.[0] === LETTER_D ? info : undefined;
}
