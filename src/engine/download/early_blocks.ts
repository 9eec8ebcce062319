/**
 * Requests the first blocks of an archive together with its metadata, and not one round trip later, after
 * the metadata have come. The signed manifest tells the archive's length, and the length of its pieces
 * follows from that, so a reader knows before how the first blocks are named. If the torrent has pieces of
 * another length, the peer rejects some of the requests, and nothing else is lost.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import { BLOCK_BYTES, requestEarly, type RequestingWire, type Torrent } from "../libraries/mod.ts";
import { FIRST_BLOCKS } from "./piece_picker.ts";

/** Options of {@linkcode requestEarlyBlocks}. */
export interface EarlyBlocksOptions {
  clock: Clock;
  /** Length of the archive in bytes. */
  lengthBytes: number;
  /** Length that the archive's pieces have if libreseed has made its torrent, in bytes. */
  pieceBytes: number;
  /** Returns the number of bytes at the archive's beginning that are wanted at present. */
  wantedBytes: () => number;
}

/**
 * Requests the first wanted blocks of a download whose metadata are not known: of the first peer that has
 * them, at most {@linkcode FIRST_BLOCKS}. To be called before the torrent connects to its first peer.
 */
export function requestEarlyBlocks(torrent: Torrent, options: EarlyBlocksOptions): void {
  let asked: RequestingWire | undefined;
  torrent.on("wire", (wire: RequestingWire) => {
    const ask = () => {
      // One peer is asked at a time: with several, each block would come several times.
      const isKnown = (torrent.pieces?.length ?? 0) > 0;
      if (isKnown || !wire.hasFast || wire.destroyed || asked?.destroyed === false) return;
      const blocks = firstBlocks(options).filter(([index]) => wire.peerPieces.get(index));
      if (blocks.length === 0) return;
      asked = wire;
      // Before the requests, so that the peer unchokes us before it reads them.
      wire.interested();
      requestEarly(wire, blocks, options.clock);
    };
    for (const event of ["have-all", "bitfield"]) wire.once(event, ask);
  });
}

/** Returns the first wanted blocks: piece, offset in the piece, and length in bytes. */
function firstBlocks(
  { lengthBytes, pieceBytes, wantedBytes }: EarlyBlocksOptions,
): [index: number, offset: number, length: number][] {
  const endBytes = Math.min(lengthBytes, wantedBytes(), FIRST_BLOCKS * BLOCK_BYTES);
  const count = Math.ceil(endBytes / BLOCK_BYTES);
  return Array.from({ length: count }, (_, number) => {
    const start = number * BLOCK_BYTES;
    const length = Math.min(BLOCK_BYTES, lengthBytes - start);
    return [Math.floor(start / pieceBytes), start % pieceBytes, length];
  });
}
