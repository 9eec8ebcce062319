/**
 * The web seeds in a `.torrent`: its member `url-list` (BEP 19), beside the info dictionary, so that
 * they do not change the infohash.
 *
 * @module
 */

import { concatBytes, tryFromUtf8, usableWebSeeds, utf8 } from "../../base/mod.ts";
import { bdecode, bencode, BencodeError, visitEntries } from "../../bencode/mod.ts";

const KEY = "8:url-list";
/** Maximum length of a `url-list` that is read, bytes. Some torrents name dozens of mirrors. */
const MAX_LIST_BYTES = 64 * 1024;

/**
 * Returns the web seeds of a `.torrent`, as `usableWebSeeds` returns them. A `url-list` may be one URL
 * or a list of URLs. Anything else, and a file that is no `.torrent`, has no web seeds.
 */
export function webSeedsOfTorrent(torrent: Uint8Array): string[] {
  let list: Uint8Array | undefined;
  const isWhole = visitEntries(torrent, ({ key, value }) => {
    if (key === KEY) list ??= value;
  });
  if (!isWhole || list === undefined || list.length > MAX_LIST_BYTES) return [];
  try {
    const decoded = bdecode(list, { maxBytes: MAX_LIST_BYTES });
    const texts = (Array.isArray(decoded) ? decoded : [decoded]).map((one) =>
      one instanceof Uint8Array ? tryFromUtf8(one) ?? "" : ""
    );
    return usableWebSeeds(texts);
  } catch (error) {
    if (error instanceof BencodeError) return [];
    throw error;
  }
}

/**
 * Returns a `.torrent` that names exactly these web seeds. Its other members keep their bytes and
 * their order. Bytes that are no well-formed `.torrent` are returned as they are.
 */
export function withWebSeeds(torrent: Uint8Array, urls: readonly string[]): Uint8Array {
  const before: Uint8Array[] = [];
  const after: Uint8Array[] = [];
  const isWhole = visitEntries(torrent, ({ key, bytes }) => {
    if (key !== KEY) (nameOf(key) < nameOf(KEY) ? before : after).push(bytes);
  });
  if (!isWhole) return torrent;
  const list = urls.length > 0 ? [utf8(KEY), bencode([...urls])] : [];
  return concatBytes(utf8("d"), ...before, ...list, ...after, utf8("e"));
}

function nameOf(key: string): string {
  return key.slice(key.indexOf(":") + 1);
}
