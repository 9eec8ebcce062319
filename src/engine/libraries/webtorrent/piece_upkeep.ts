/**
 * Replaces members of npm:webtorrent's torrent that look through all pieces for each piece. With them, the
 * time of a transfer would grow with the square of the number of pieces.
 *
 * @module
 */

import RarityMap from "webtorrent/lib/rarity-map.js";
import { type Place, replace, type Replacement } from "../replacing/mod.ts";
import { torrentPrototype } from "./torrent_prototype.ts";

/** A bitfield of npm:bitfield. The first piece is the highest bit of the first byte. */
interface BitField {
  buffer: Uint8Array;
  get(index: number): boolean;
}

interface Peer {
  /** The pieces that the peer has. The buffer is empty if it said that it has all (BEP 6). */
  peerPieces: BitField & { setAll?: unknown };
  interested(): void;
  uninterested(): void;
}

interface Inner {
  done: boolean;
  destroyed: boolean;
  files: unknown[];
  pieces: unknown[];
  /** The pieces that we have. */
  bitfield: BitField;
  _checkDone(): boolean | undefined;
  _gcSelections(): void;
  _updateWireInterest(peer: Peer): void;
  /** Added by libreseed: the missing piece that the last search for one has found. */
  missingPiece?: number;
}

const torrents = torrentPrototype<Inner>();

interface Rarity {
  recalculate(): void;
  _initWire(wire: unknown): void;
}

const rarity: Place<Rarity> = {
  library: "webtorrent",
  name: "RarityMap.prototype",
  object: () => (RarityMap as unknown as { prototype: Rarity }).prototype,
};

const report = "docs/upstream/webtorrent-hooks.md";

/** The members of npm:webtorrent's torrent that are replaced because they look through all pieces. */
export const pieceUpkeepReplacements: readonly Replacement[] = [
  replace(torrents, "_checkDone", {
    because: "all pieces before the first missing one are looked at for each piece that comes",
    report,
    until: "a release counts the missing pieces",
    pinned: "0888ef46f4c0c33b203382586e6f66e7d8f14686174ed5fff695ac2e1e450a2f",
    parameters: 0,
    by: (checkDone) =>
      function (this: Inner) {
        if (this.destroyed || this.done || this.files.length !== 1 || !lacksAny(this)) {
          return checkDone.call(this);
        }
        this._gcSelections();
        return false;
      },
  }),
  replace(torrents, "_updateWireInterest", {
    because: "all pieces are looked at, one by one, for each piece that a peer announces",
    report,
    until: "a release compares the bitfields by bytes",
    pinned: "7424108037f52b4d08eabe853153b58b4d927b08e6228f9f9984090ac62dd36a",
    parameters: 1,
    by: () =>
      function (this: Inner, peer: Peer) {
        if (hasMissing(this, peer)) peer.interested();
        else peer.uninterested();
      },
  }),
  replace(rarity, "recalculate", {
    because:
      "the pieces of all peers are counted for each peer that comes, and nothing uses the numbers",
    report,
    until: "a release counts only where it asks for the rarest pieces",
    pinned: "7b4d28aa05507eb6b3e29c058e1ca7cd8f69c9a2d3bf79e45a557d84e6ea8e14",
    parameters: 0,
    by: () => () => {},
  }),
  replace(rarity, "_initWire", {
    because: "the pieces of each peer that goes are looked at, and nothing uses the numbers",
    report,
    until: "`recalculate` goes",
    pinned: "2469d5d94e11b917590610043da8cac770e0724b84b1cccb5b18e1e0dc3793fa",
    parameters: 1,
    by: () => () => {},
  }),
];

/** Whether a piece of the torrent is missing. */
function lacksAny(torrent: Inner): boolean {
  const { bitfield, pieces, missingPiece = 0 } = torrent;
  if (missingPiece < pieces.length && !bitfield.get(missingPiece)) return true;
  for (let step = 0; step < pieces.length; step++) {
    // Pieces arrive nearly in order, so the next missing one is near.
    const index = (missingPiece + step) % pieces.length;
    if (bitfield.get(index)) continue;
    torrent.missingPiece = index;
    return true;
  }
  return false;
}

/** Whether a peer has a piece that we lack. */
function hasMissing(torrent: Inner, { peerPieces }: Peer): boolean {
  const { bitfield, pieces } = torrent;
  if (torrent.done) return false;
  // A peer that has all pieces has one that we lack.
  if (!peerPieces.setAll) return lacksAny(torrent);
  const ours = bitfield.buffer;
  const theirs = peerPieces.buffer;
  const bytes = Math.min(theirs.length, Math.ceil(pieces.length / 8));
  for (let at = 0; at < bytes; at++) {
    let others = theirs[at]! & ~(ours[at] ?? 0);
    if (pieces.length - at * 8 < 8) others &= 0xff << (8 - pieces.length % 8);
    if (others !== 0) return true;
  }
  return false;
}
