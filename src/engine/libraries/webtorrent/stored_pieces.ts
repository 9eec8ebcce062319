/**
 * Pieces of a download that the host has written into the file: reads and hashes them, and tells
 * npm:webtorrent which of them are right. By itself, npm:webtorrent looks at the file only before a download begins.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { acquirePieceBuffer, releasePieceBuffer } from "./piece_buffer.ts";
import { type Use, uses } from "../replacing/mod.ts";
import { countFreedRequest } from "./requests.ts";
import { type PieceRange, SubPiece, wholePiece } from "./sub_piece.ts";
import { torrentPrototype } from "./torrent_prototype.ts";
import type { Torrent } from "./webtorrent_types.ts";

/** Private members of npm:webtorrent's torrent that are needed to take up stored pieces. */
interface Inner {
  destroyed: boolean;
  pieces: ({ length: number } | null)[];
  /** For each piece: the peers that its blocks were requested from. */
  _reservations: (unknown[] | null)[];
  store: {
    put(index: number, bytes: Uint8Array, done: (error: Error | null) => void): void;
  } | null;
  _destroy(error: Error): void;
  /** SHA-1 of each piece, 40 hexadecimal digits. */
  _hashes: string[];
  wires: { have(index: number): void }[];
  _markVerified(index: number): void;
  _markUnverified(index: number): void;
  _checkDone(): void;
  _update(): void;
}

/**
 * Length of the longest piece that is hashed on this thread, in bytes. To have a shorter one hashed on another
 * thread takes this thread more time.
 */
const MAX_HASHED_HERE_BYTES = 64 * 1024;

/** Private members of npm:webtorrent's torrent that this file calls. */
export const storedPieceUses: Use = uses(torrentPrototype<Inner>(), [
  "_markVerified",
  "_markUnverified",
]);

/** Length of a piece in bytes; only the last piece is shorter than the others. */
export function pieceBytes({ length, pieceLength }: Torrent, index: number): number {
  return Math.min(pieceLength, length - index * pieceLength);
}

/** Fills `target` with bytes of the torrent's file, from position `start` on. */
export function readStored(torrent: Torrent, start: number, target: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!torrent.store) return reject(new Error("The torrent was ended"));
    torrent.store.store.readInto(start, target, (error) => error ? reject(error) : resolve());
  });
}

/**
 * Whether bytes have the hash of a piece. They may not be altered meanwhile. The bytes of a large piece are
 * hashed on another thread.
 */
export async function isPiece(
  torrent: Torrent,
  index: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const hash = bytes.length <= MAX_HASHED_HERE_BYTES
    ? createHash("sha1").update(bytes).digest("hex")
    : new Uint8Array(await crypto.subtle.digest("SHA-1", bytes)).toHex();
  return hash === innerOf(torrent)._hashes[index];
}

/** Marks a missing piece as verified and written, and tells the peers that we have it. */
export function markStored(torrent: Torrent, index: number): void {
  const inner = innerOf(torrent);
  inner._markVerified(index);
  for (const wire of inner.wires) wire.have(index);
}

/** Marks a piece that the torrent had as missing. Nothing of it is requested yet. */
export function markMissing(torrent: Torrent, index: number): void {
  innerOf(torrent)._markUnverified(index);
}

/** Emits `done` if no piece is missing any more; else looks for blocks to request. To be called last. */
export function endIfComplete(torrent: Torrent): void {
  if (torrent.destroyed) return;
  const inner = innerOf(torrent);
  inner._checkDone();
  inner._update();
}

/**
 * Has only those bytes of a missing piece requested that the file does not hold. Nothing of the piece may be
 * requested yet.
 *
 * @param known ranges of the piece that the file holds, in order
 * @param onFilled called when all other bytes have arrived; see {@linkcode completeStored}
 */
export function requestUnknown(
  torrent: Torrent,
  index: number,
  known: readonly PieceRange[],
  onFilled: (piece: SubPiece) => void,
): void {
  const { pieces } = innerOf(torrent);
  pieces[index] = new SubPiece(pieces[index]!.length, known, onFilled);
}

/** The piece with this number, if only some of its bytes are requested. */
export function subPieceOf(torrent: Torrent, index: number): SubPiece | undefined {
  const piece = innerOf(torrent).pieces[index];
  return piece instanceof SubPiece ? piece : undefined;
}

/** Has a missing piece requested whole, even if the file holds parts of it, or parts have arrived. */
export function requestWhole(torrent: Torrent, index: number): void {
  const { pieces, _reservations } = innerOf(torrent);
  const sub = pieces[index];
  if (!(sub instanceof SubPiece)) return;
  pieces[index] = wholePiece(sub.length);
  _reservations[index] = [];
  countFreedRequest();
}

/**
 * Completes a piece of which all requested bytes have arrived with those in the file, and verifies it. If it
 * is right, it is written, and counts as downloaded.
 *
 * @returns `false` if the piece is wrong
 */
export async function completeStored(
  torrent: Torrent,
  index: number,
  piece: SubPiece,
): Promise<boolean> {
  const inner = innerOf(torrent);
  const isCurrent = () => !torrent.destroyed && inner.pieces[index] === piece;
  if (!isCurrent()) return true;
  const whole = acquirePieceBuffer(piece.length);
  let isRight = false;
  try {
    const held = whole.subarray(0, piece.knownEndBytes);
    await readStored(torrent, index * torrent.pieceLength, held);
    piece.copyTo(whole);
    isRight = await isPiece(torrent, index, whole);
  } catch {
    // The file could not be read: it may have been made shorter.
  }
  if (!isRight || !isCurrent() || !inner.store) {
    releasePieceBuffer(whole);
    return isRight || !isCurrent();
  }
  // The store returns the buffer to the pool.
  await new Promise<void>((resolve) =>
    inner.store!.put(index, whole, (error) => {
      if (error) inner._destroy(error);
      else if (isCurrent()) markStored(torrent, index);
      resolve();
    })
  );
  endIfComplete(torrent);
  return true;
}

function innerOf(torrent: Torrent): Inner {
  return torrent as unknown as Inner;
}
