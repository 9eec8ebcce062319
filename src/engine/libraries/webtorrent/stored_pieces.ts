/**
 * Pieces of a download that somebody else has written into the file: reads and hashes them, and tells
 * npm:webtorrent which it has. By itself, npm:webtorrent looks at the file only before a download begins.
 *
 * @module
 */

import { type Use, uses } from "../replacing/mod.ts";
import { torrentPrototype } from "./torrent_prototype.ts";
import type { Torrent } from "./webtorrent_types.ts";

/** Private members of npm:webtorrent's torrent that are needed to take up stored pieces. */
interface Inner {
  /** SHA-1 of each piece, 40 hexadecimal digits. */
  _hashes: string[];
  wires: { have(index: number): void }[];
  _markVerified(index: number): void;
  _markUnverified(index: number): void;
  _checkDone(): void;
  _update(): void;
}

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

/** Whether bytes have the hash of a piece. They are hashed on another thread, and may not be altered. */
export async function isPiece(
  torrent: Torrent,
  index: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-1", bytes));
  return hash.toHex() === innerOf(torrent)._hashes[index];
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

function innerOf(torrent: Torrent): Inner {
  return torrent as unknown as Inner;
}
