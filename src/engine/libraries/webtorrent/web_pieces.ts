/**
 * Lets pieces of a torrent come from elsewhere than from peers. npm:webtorrent has web seeds of
 * its own, but they fetch by themselves, which this thread may not. Here a piece's blocks are
 * requested from a stand-in for a peer, in npm:webtorrent's own bookkeeping, and handed in as they
 * arrive. npm:webtorrent verifies and writes the piece as any other.
 *
 * @module
 */

import { type Use, uses } from "../replacing/mod.ts";
import { hasFreeBlock, requestedPeers, type RequestingWire, restartPiece } from "./requests.ts";
import { type PieceRange, SubPiece } from "./sub_piece.ts";
import { torrentPrototype } from "./torrent_prototype.ts";
import type { Torrent } from "./webtorrent_types.ts";

type GotBlock = (error: Error | null, block?: Uint8Array) => void;

/** The members of a connection that npm:webtorrent uses to request a block from it. */
interface StandIn {
  requests: never[];
  downloaded: number;
  remoteAddress: string;
  downloadSpeed(): number;
  request(index: number, offset: number, length: number, got: GotBlock): void;
}

/** Private members of npm:webtorrent's torrent that are needed to hand pieces in. */
interface Inner {
  pieces: ({ length: number; _buffered: number; _reservations: number } | null)[];
  /** SHA-1 of each piece, 40 hexadecimal digits. */
  _hashes: string[];
  received: number;
  client: {
    throttleGroups: {
      down: {
        bucket: {
          tokensPerInterval: number;
          removeTokens(count: number, done: (error: unknown) => void): void;
        };
        getEnabled(): boolean;
        getChunksize(): number;
      };
    };
    _downloadSpeed(bytes: number): void;
    emit(event: "download", bytes: number): void;
  };
  _downloadSpeed(bytes: number): void;
  emit(event: "download", bytes: number): void;
  _request(from: StandIn, index: number, hotswap: boolean): boolean;
  _onMetadata(torrent: Uint8Array): Promise<void>;
}

/** A speed that no peer exceeds, bytes a second: no peer takes blocks over from the stand-in. */
const FASTEST = 2 ** 40;

/** Private members of npm:webtorrent's torrent that this file calls. */
export const webPieceUses: Use = uses(torrentPrototype<Inner>(), ["_request", "_onMetadata"]);

/** A piece whose blocks come from elsewhere than from peers. */
export interface TakenPiece {
  /** The ranges of bytes to hand in, in order: the blocks of the piece, or what the file does not hold. */
  ranges: readonly PieceRange[];
  /** SHA-1 of the piece, 40 hexadecimal digits; `undefined` if `ranges` are not the whole piece. */
  sha1Hex: string | undefined;
  /** Hands in the next range. The bytes are copied. */
  deliver(bytes: Uint8Array): void;
  /** Gives the piece up: all its blocks are requested again, from anybody. */
  discard(): void;
}

/** Whether a piece is missing, and no block of it was ever requested. */
export function isUntouched(torrent: Torrent, index: number): boolean {
  const piece = innerOf(torrent).pieces[index];
  return !!piece && piece._reservations === 0 && piece._buffered === 0 &&
    hasFreeBlock(piece) && requestedPeers(torrent, index).length === 0;
}

/** Whether a peer that has a piece would send it, and is asked for nothing now. */
export function hasIdlePeer(torrent: Torrent, index: number): boolean {
  const wires = torrent.wires as RequestingWire[];
  return wires.some(({ destroyed, isEnding, peerChoking, peerPieces, requests }) =>
    !destroyed && !isEnding && !peerChoking && requests.length === 0 && peerPieces.get(index)
  );
}

/** The ranges of a missing piece that the file does not hold, in order, as positions in the piece. */
export function missingRanges(torrent: Torrent, index: number): readonly PieceRange[] {
  const piece = innerOf(torrent).pieces[index];
  if (piece instanceof SubPiece) return piece.requested;
  return piece ? [{ startBytes: 0, endBytes: piece.length }] : [];
}

/**
 * Takes a missing piece, so that no block of it is requested from peers any more. Blocks that peers
 * have sent are discarded.
 */
export function takePiece(torrent: Torrent, index: number): TakenPiece {
  const inner = innerOf(torrent);
  if (!isUntouched(torrent, index)) restartPiece(torrent, index);
  const waiting: GotBlock[] = [];
  const ranges: PieceRange[] = [];
  const standIn: StandIn = {
    requests: [],
    downloaded: 1,
    remoteAddress: "web seed",
    downloadSpeed: () => FASTEST,
    request: (_index, startBytes, lengthBytes, got) => {
      waiting.push(got);
      ranges.push({ startBytes, endBytes: startBytes + lengthBytes });
    },
  };
  const piece = inner.pieces[index]!;
  while (inner._request(standIn, index, false)) {
    // Each call requests one more block.
  }
  let next = 0;
  return {
    ranges,
    sha1Hex: piece instanceof SubPiece ? undefined : inner._hashes[index]!,
    deliver: (bytes) => waiting[next++]?.(null, bytes),
    discard() {
      // Another source may have begun the piece anew meanwhile.
      if (inner.pieces[index] === piece) restartPiece(torrent, index);
    },
  };
}

/** Adds bytes that came from elsewhere than from peers to the torrent's totals and speed. */
export function countReceived(torrent: Torrent, bytes: number): void {
  const inner = innerOf(torrent);
  inner.received += bytes;
  inner._downloadSpeed(bytes);
  inner.client._downloadSpeed(bytes);
  inner.emit("download", bytes);
  inner.client.emit("download", bytes);
}

/** The client's download limit, bytes a second; infinite if there is none. */
export function downloadLimitOf(torrent: Torrent): number {
  const { down } = innerOf(torrent).client.throttleGroups;
  return down.getEnabled() ? down.bucket.tokensPerInterval : Infinity;
}

/** Waits until the client's download limit lets so many bytes pass. */
export async function waitForDownloadLimit(torrent: Torrent, bytes: number): Promise<void> {
  const { down } = innerOf(torrent).client.throttleGroups;
  for (let left = bytes; left > 0 && down.getEnabled();) {
    const part = Math.min(left, down.getChunksize());
    await new Promise<void>((resolve) => down.bucket.removeTokens(part, () => resolve()));
    left -= part;
  }
}

/**
 * Gives a torrent its metadata. Does nothing if it has them already.
 *
 * @param torrentFile a `.torrent` of this infohash
 */
export function setMetadata(torrent: Torrent, torrentFile: Uint8Array): Promise<void> {
  return innerOf(torrent)._onMetadata(torrentFile);
}

function innerOf(torrent: Torrent): Inner {
  return torrent as unknown as Inner;
}
