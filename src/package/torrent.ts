/**
 * The torrent of an archive (BEP 3): one file, no tracker, no date, so that the same archive always
 * has the same infohash.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";
import bencode from "bencode";
import { equalBytes } from "../base/mod.ts";
import { findInfoDictionary } from "./info_dictionary.ts";

const MIN_PIECE_BYTES = 256 * 1024;
const MAX_PIECE_BYTES = 16 * 1024 * 1024;
const AIM_PIECES = 2000;
const SHA1_BYTES = 20;

/** What the torrent of an archive is made of. */
export interface TorrentSource {
  /** The archive's file name. */
  name: string;
  lengthBytes: number;
  pieceLengthBytes: number;
  /** SHA-1 of each piece, 20 bytes each, one after the other. */
  pieces: Uint8Array;
}

/** A torrent and its name on the network. */
export interface Torrent {
  /** The `.torrent` file. */
  torrent: Uint8Array;
  /** SHA-1 of the bencoded `info` dictionary, 20 bytes. */
  infoHash: Uint8Array;
}

/**
 * The piece length for an archive: the smallest power of two that gives at most 2,000 pieces, but not
 * less than 256 KiB nor more than 16 MiB. The infohash depends on this rule, so it does not change.
 *
 * @param lengthBytes length of the archive
 */
export function pieceLengthFor(lengthBytes: number): number {
  let pieceBytes = MIN_PIECE_BYTES;
  while (pieceBytes < MAX_PIECE_BYTES && pieceBytes * AIM_PIECES < lengthBytes) pieceBytes *= 2;
  return pieceBytes;
}

/** The torrent file. Its `info` holds `length`, `name`, `piece length` and `pieces`, nothing else. */
export function buildTorrent(source: TorrentSource): Torrent {
  const info = {
    length: source.lengthBytes,
    name: source.name,
    "piece length": source.pieceLengthBytes,
    pieces: source.pieces,
  };
  const torrent: Uint8Array = bencode.encode({ "created by": "libreseed", info });
  const infoBytes: Uint8Array = bencode.encode(info);
  return { torrent, infoHash: new Uint8Array(createHash("sha1").update(infoBytes).digest()) };
}

/** SHA-256 of an archive and SHA-1 of its pieces, in one pass over its bytes. */
export class ArchiveDigest {
  /** Length of a piece, which follows from the length of the archive. */
  readonly pieceLengthBytes: number;
  readonly #sha256: Hash = createHash("sha256");
  readonly #pieces: Uint8Array;
  #piece: Hash = createHash("sha1");
  #pieceIndex = 0;
  #inPiece = 0;

  /** @param lengthBytes how many bytes will come */
  constructor(lengthBytes: number) {
    this.pieceLengthBytes = pieceLengthFor(lengthBytes);
    this.#pieces = new Uint8Array(Math.ceil(lengthBytes / this.pieceLengthBytes) * SHA1_BYTES);
  }

  /** Takes the next bytes. They are not kept. */
  update(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.pieceLengthBytes - this.#inPiece);
      this.#piece.update(part);
      at += part.length;
      this.#inPiece += part.length;
      if (this.#inPiece === this.pieceLengthBytes) this.#endPiece();
    }
  }

  /** SHA-256 (32 bytes) and the pieces' SHA-1, once all bytes have come. */
  finish(): { sha256: Uint8Array; pieces: Uint8Array } {
    if (this.#inPiece > 0) this.#endPiece();
    return { sha256: new Uint8Array(this.#sha256.digest()), pieces: this.#pieces };
  }

  #endPiece(): void {
    this.#pieces.set(this.#piece.digest(), this.#pieceIndex++ * SHA1_BYTES);
    this.#piece = createHash("sha1");
    this.#inPiece = 0;
  }
}

/**
 * The infohash of a `.torrent`: SHA-1 of its info dictionary (BEP 3), 20 bytes.
 *
 * @returns `undefined` if it is no `.torrent`, or its info dictionary would encode to other bytes
 */
export function torrentInfoHash(torrent: Uint8Array): Uint8Array | undefined {
  const info = findInfoDictionary(torrent);
  // What WebTorrent would make of it has to be the same torrent.
  if (!info || !equalBytes(bencode.encode(bencode.decode(info)), info)) return undefined;
  return new Uint8Array(createHash("sha1").update(info).digest());
}
