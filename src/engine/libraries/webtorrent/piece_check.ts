/**
 * Verifies the pieces that an earlier download, or a copy of parts of other archives, has left in the file.
 * npm:webtorrent reads and hashes them one by one, each into new memory, and asks the store for each piece
 * of a file that is not there yet.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { replace, type Replacement } from "../replacing/mod.ts";
import type { ArchiveStore } from "./chunk_store.ts";
import { torrentPrototype } from "./torrent_prototype.ts";

type Done = (error: Error | null) => void;

interface Inner {
  destroyed: boolean;
  pieces: (object | null)[];
  pieceLength: number;
  length: number;
  /** SHA-1 of each piece, 40 hexadecimal digits. */
  _hashes: string[];
  store: { store: ArchiveStore } | null;
  _verifyPieces(done: Done): void;
  _markVerified(index: number): void;
}

/** Length of one read, in bytes. A longer piece is read whole. */
const READ_BYTES = 1024 * 1024;

/** The member of npm:webtorrent's torrent that verifies the pieces of an earlier download. */
export const pieceCheckReplacements: readonly Replacement[] = [
  replace(torrentPrototype<Inner>(), "_verifyPieces", {
    because:
      "each piece is read into new memory, also of a file that is not there yet, and a torrent " +
      "that is ended meanwhile throws where nobody catches it",
    report: "docs/upstream/webtorrent-hooks.md",
    until: "a release reads several pieces into one buffer, none beyond the end of the file",
    pinned: "f05c028007be3c15ac410268474c7593259f00183b3466fa7ea6fe5ca32afaca",
    parameters: 1,
    by: () =>
      function (this: Inner, done: Done) {
        verifyPieces(this).then(() => done(null), done);
      },
  }),
];

/** Verifies the pieces that lie in the file. The others are missing already. */
async function verifyPieces(torrent: Inner): Promise<void> {
  const { store } = torrent.store!;
  const { pieces, pieceLength } = torrent;
  const foundBytes = await store.foundBytes();
  const end = Math.min(foundBytes, torrent.length);
  const step = Math.max(1, Math.floor(READ_BYTES / pieceLength));
  const buffer = new Uint8Array(Math.min(step * pieceLength, end));
  for (let from = 0; from < pieces.length; from += step) {
    const to = wholePiecesBefore(end, torrent, Math.min(from + step, pieces.length));
    if (to <= from) break;
    const start = from * pieceLength;
    const bytes = buffer.subarray(0, Math.min(to * pieceLength, torrent.length) - start);
    const isRead = await read(store, start, bytes);
    if (torrent.destroyed) throw new Error("The torrent was ended");
    // Pieces that cannot be read are downloaded again.
    if (!isRead) continue;
    for (let index = from; index < to; index++) {
      const at = (index - from) * pieceLength;
      const hash = createHash("sha1").update(bytes.subarray(at, at + pieceLength)).digest("hex");
      if (hash === torrent._hashes[index]) torrent._markVerified(index);
    }
  }
}

/** Returns the number of pieces before a position in the file that end before it, `most` at most. */
function wholePiecesBefore(end: number, { length, pieceLength }: Inner, most: number): number {
  return end === length ? most : Math.min(Math.floor(end / pieceLength), most);
}

function read(store: ArchiveStore, start: number, target: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => store.readInto(start, target, (error) => resolve(!error)));
}
