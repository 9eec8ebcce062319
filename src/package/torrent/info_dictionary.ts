/**
 * Finds the info dictionary in the bytes of a `.torrent` (BEP 3) without decoding the bytes. The
 * scan checks that the dictionary is well-formed bencode, but does not check its fields.
 *
 * @module
 */

import { LETTER_D, visitEntries } from "../../bencode/mod.ts";

/** The key `info` as a bencoded byte string. */
const INFO_KEY = "4:info";

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
