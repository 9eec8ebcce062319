/**
 * Fetches the `.torrent` beside a web seed's archive, for a download whose metadata no peer sends.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { concatBytes, isWebSeedDirectory, utf8, webSeedTorrent } from "../../base/mod.ts";
import { bdecode, BencodeError, visitEntries } from "../../bencode/mod.ts";
import type { FetchRange, NoProgress } from "./web_transfer.ts";

/**
 * Maximum length of a `.torrent` that is fetched, bytes. Metadata of peers may be as long. It is enough
 * for 100,000 pieces, which is 1.6 TiB in our own torrents.
 */
const MAX_TORRENT_BYTES = 2 * 1024 * 1024;
/** Length of the buffer for a `.torrent` at first, bytes; it is doubled as needed. */
const FIRST_BYTES = 64 * 1024;
const INFO_KEY = "4:info";

/** The archive whose `.torrent` is fetched. */
export interface MetadataOrder {
  /** URL of the web seed. */
  webSeed: string;
  /** Name of the archive's file, if it is known. */
  fileName?: string;
  infoHashHex: string;
}

/**
 * Fetches the `.torrent` of an archive, and returns one with nothing but its info dictionary.
 *
 * @throws {Error} with a sentence, if there is none or it is not this archive's
 */
export async function fetchMetadata(
  fetchRange: FetchRange,
  { webSeed, fileName, infoHashHex }: MetadataOrder,
  progress: NoProgress,
): Promise<Uint8Array> {
  if (fileName === undefined && isWebSeedDirectory(webSeed)) {
    throw new Error(
      "It is a directory, and neither a peer nor the link tells the name of the archive in it",
    );
  }
  const url = webSeedTorrent(webSeed, fileName ?? "");
  // One buffer that grows. A server may send each byte as a part of its own, and a list of two million
  // parts would take hundreds of megabytes.
  let torrent = new Uint8Array(FIRST_BYTES);
  let length = 0;
  try {
    const range = await fetchRange({ url, first: 0, last: MAX_TORRENT_BYTES }, progress.signal);
    for await (const bytes of progress.watch(range.body)) {
      const needed = length + bytes.length;
      if (needed > MAX_TORRENT_BYTES + 1) throw new Error("it goes on without an end");
      if (needed > torrent.length) {
        const longer = new Uint8Array(Math.max(needed, 2 * torrent.length));
        longer.set(torrent);
        torrent = longer;
      }
      torrent.set(bytes, length);
      length = needed;
    }
  } catch (error) {
    throw new Error(`Its .torrent (${url}) cannot be fetched: ${(error as Error).message}`);
  }
  if (length > MAX_TORRENT_BYTES) {
    throw new Error(`Its .torrent (${url}) is longer than ${MAX_TORRENT_BYTES} bytes`);
  }
  const info = infoOf(torrent.subarray(0, length));
  if (info && createHash("sha1").update(info).digest("hex") === infoHashHex) {
    return concatBytes(utf8(`d${INFO_KEY}`), info, utf8("e"));
  }
  throw new Error(`Its .torrent (${url}) is not that of this archive`);
}

/** Returns the info dictionary of a `.torrent`, if it is canonical bencode. */
function infoOf(torrent: Uint8Array): Uint8Array | undefined {
  const found: Uint8Array[] = [];
  const isWhole = visitEntries(torrent, ({ key, value }) => {
    if (key === INFO_KEY) found.push(value);
  });
  const [info, other] = found;
  if (!isWhole || info === undefined || other !== undefined) return undefined;
  try {
    // WebTorrent decodes and encodes the dictionary, which would change one that is not canonical.
    return bdecode(info, { maxBytes: info.length }) instanceof Map ? info : undefined;
  } catch (error) {
    if (error instanceof BencodeError) return undefined;
    throw error;
  }
}
