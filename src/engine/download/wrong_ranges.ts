/**
 * Finds the peers that have sent wrong ranges of a piece. When a piece of several ranges is wrong, any of
 * its senders may have lied, and so may the reused bytes. The hash of each range is kept until the piece
 * has been fetched again and is right: a peer whose range had other bytes has lied.
 *
 * @module
 */

import { createHash } from "node:crypto";
import {
  pieceBytes,
  readStored,
  type SubPiece,
  type Torrent,
  type Wire,
} from "../libraries/mod.ts";
import { peerKey } from "./peer_key.ts";

/** A range of a wrong piece, as a peer has sent it. */
interface SentRange {
  startBytes: number;
  endBytes: number;
  /** SHA-256 in hexadecimal. */
  sha256: string;
  sender: string;
}

/** The wrong pieces of one download, and who has sent ranges of them. */
export class WrongRanges {
  readonly #torrent: Torrent;
  readonly #onLiar: (peer: string, index: number) => void;
  /** For each wrong piece that is not right yet: the ranges that were sent. */
  readonly #sent = new Map<number, SentRange[]>();

  /** @param onLiar called with the key of each peer that has sent wrong bytes of a piece */
  constructor(torrent: Torrent, onLiar: (peer: string, index: number) => void) {
    this.#torrent = torrent;
    this.#onLiar = onLiar;
    torrent.on("verified", (index: number) => void this.#compare(index));
  }

  /** Remembers who has sent the ranges of a wrong piece. */
  add(index: number, piece: SubPiece): void {
    const sent: SentRange[] = [];
    for (const { startBytes, endBytes, bytes, sender } of piece.received()) {
      // A web seed has no port. Nobody else could be mistaken for it.
      if ((sender as Wire).remotePort === undefined) continue;
      const sha256 = hashOf(bytes);
      sent.push({ startBytes, endBytes, sha256, sender: peerKey(sender as Wire) });
    }
    if (sent.length > 0) this.#sent.set(index, sent);
  }

  /** Compares what was sent of a piece with what is right. */
  async #compare(index: number): Promise<void> {
    const sent = this.#sent.get(index);
    if (!sent) return;
    this.#sent.delete(index);
    const right = new Uint8Array(pieceBytes(this.#torrent, index));
    try {
      await readStored(this.#torrent, index * this.#torrent.pieceLength, right);
    } catch {
      // The download has ended, or the file cannot be read: nobody is found.
      return;
    }
    const liars = new Set<string>();
    for (const { startBytes, endBytes, sha256, sender } of sent) {
      if (hashOf(right.subarray(startBytes, endBytes)) !== sha256) liars.add(sender);
    }
    for (const liar of liars) this.#onLiar(liar, index);
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
