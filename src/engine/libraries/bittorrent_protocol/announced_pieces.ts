/**
 * Counts the pieces that a peer announces, instead of npm:bittorrent-protocol. Each `have` of a peer makes
 * npm:webtorrent look through all pieces several times, so that a transfer of 16,384 small pieces takes more
 * than a second of the processor for that alone, and twenty peers take twenty times as much.
 *
 * Here a `have` sets a bit. The event `have` is emitted for the first piece of a peer, and when the peer has
 * all pieces; in between, `offer` for a piece that we lack.
 *
 * @module
 */

import { replace, type Replacement } from "../replacing/mod.ts";
import { connectionPrototype } from "./connection.ts";

/** The pieces of a torrent, as far as the announcements of peers matter. */
export interface AnnouncedTo {
  /** Number of pieces; `undefined` until it is known. */
  readonly count: number | undefined;
  /** Whether we lack a piece. */
  lacks(index: number): boolean;
}

/** The bitfield of a peer, of npm:bitfield. */
interface BitField {
  /** The first piece is the highest bit of the first byte. */
  buffer: Uint8Array;
  get(index: number): boolean;
  set(index: number, value: boolean): void;
}

/** The members of a connection that are needed to count the peer's pieces. */
export interface Announcer {
  peerPieces: BitField;
  emit(event: "have" | "offer", index: number): boolean;
  _onHave(index: number): void;
  /** Added by libreseed: the torrent that the peer announces pieces of. */
  announcedTo?: AnnouncedTo;
  /** Added by libreseed: a bitfield of the peer, and the number of pieces in it. */
  counted?: { peerPieces: BitField; pieces: number };
}

/** The replaced member of npm:bittorrent-protocol that takes a peer's `have`. */
export const announcementReplacements: readonly Replacement[] = [
  replace(connectionPrototype<Announcer>(), "_onHave", {
    because: "npm:webtorrent looks through all pieces for each piece that a peer announces",
    report: "docs/upstream/webtorrent-hooks.md",
    until: "a release of npm:webtorrent counts the pieces of each peer",
    pinned: "0df96b87b6c1b89e50e1943ade769b891e56686cb640e83f36479cf3a7c4f114",
    parameters: 1,
    by: (onHave) =>
      function (this: Announcer, index: number) {
        const count = this.announcedTo?.count;
        if (count === undefined) return onHave.call(this, index);
        if (index >= count || this.peerPieces.get(index)) return;
        this.peerPieces.set(index, true);
        const pieces = countOf(this, count);
        if (pieces === 1 || pieces === count) this.emit("have", index);
        else if (this.announcedTo!.lacks(index)) this.emit("offer", index);
      },
  }),
];

/** Returns the number of a peer's pieces, after one more was announced. */
function countOf(peer: Announcer, count: number): number {
  const { counted, peerPieces } = peer;
  let pieces = counted?.peerPieces === peerPieces ? counted.pieces + 1 : undefined;
  // A peer may also withdraw a piece, so a full count is verified.
  if (pieces === undefined || pieces >= count) pieces = bitsOf(peerPieces.buffer, count);
  peer.counted = { peerPieces, pieces };
  return pieces;
}

/** Returns the number of set bits among the first `count` ones. */
function bitsOf(bytes: Uint8Array, count: number): number {
  let bits = 0;
  for (let at = 0; at < bytes.length && at * 8 < count; at++) {
    const isLast = count - at * 8 < 8;
    let byte = isLast ? bytes[at]! & (0xff << (8 - count % 8)) : bytes[at]!;
    for (; byte !== 0; byte &= byte - 1) bits++;
  }
  return bits;
}
