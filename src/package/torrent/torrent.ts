/**
 * Makes and reads the torrent of an archive (BEP 3): one file, no tracker, no date. The same archive
 * always has the same infohash.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { toHex } from "../../base/mod.ts";
import { bdecode, type BDecoded, bencode, BencodeError } from "../../bencode/mod.ts";
import { findInfoDictionary } from "./info_dictionary.ts";

/** The inputs from which the torrent of an archive is built. */
export interface TorrentSource {
  /** The archive's file name, which becomes `name` in the info dictionary. */
  name: string;
  lengthBytes: number;
  /** Length of each piece except the last in bytes, from `pieceLengthFor`. */
  pieceBytes: number;
  /** SHA-1 of each piece, 20 bytes each, concatenated. */
  pieces: Uint8Array;
}

/** A `.torrent` file and its infohash. */
export interface Torrent {
  /** Contents of the `.torrent` file. */
  torrent: Uint8Array;
  /** SHA-1 of the bencoded `info` dictionary, 20 bytes. */
  infoHash: Uint8Array;
}

/**
 * Builds a torrent whose `info` dictionary holds only `length`, `name`, `piece length` and
 * `pieces`.
 */
export function buildTorrent(source: TorrentSource): Torrent {
  const info = {
    length: source.lengthBytes,
    name: source.name,
    "piece length": source.pieceBytes,
    pieces: source.pieces,
  };
  const torrent = bencode({ "created by": "libreseed", info });
  const infoBytes = bencode(info);
  return { torrent, infoHash: new Uint8Array(createHash("sha1").update(infoBytes).digest()) };
}

/**
 * Computes the infohash of a `.torrent`: the SHA-1 of its info dictionary (BEP 3), 20 bytes.
 *
 * @returns `undefined` if the bytes are no `.torrent`, or its info dictionary is not canonical bencode
 */
export function torrentInfoHash(torrent: Uint8Array): Uint8Array | undefined {
  const info = findInfoDictionary(torrent);
  // Refuse an info dictionary that is not canonical: WebTorrent decodes and encodes it again, which
  // would change the infohash.
  if (!info || !decodeInfo(info)) return undefined;
  return new Uint8Array(createHash("sha1").update(info).digest());
}

/**
 * Returns the piece hashes from a `.torrent` that {@linkcode buildTorrent} made, if its infohash is
 * the given one.
 *
 * @param infoHashHex 40 hexadecimal digits
 * @returns `undefined` for any other `.torrent`
 */
export function piecesOfTorrent(
  torrent: Uint8Array,
  source: Omit<TorrentSource, "pieces">,
  infoHashHex: string,
): Uint8Array | undefined {
  const info = findInfoDictionary(torrent);
  const pieces = info && decodeInfo(info)?.get("pieces");
  if (!(pieces instanceof Uint8Array)) return undefined;
  const built = buildTorrent({ ...source, pieces });
  return toHex(built.infoHash) === infoHashHex ? pieces : undefined;
}

function decodeInfo(info: Uint8Array): Map<string, BDecoded> | undefined {
  try {
    return bdecode(info, { maxBytes: info.length }) as Map<string, BDecoded>;
  } catch (error) {
    if (error instanceof BencodeError) return undefined;
    throw error;
  }
}
