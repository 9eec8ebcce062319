/**
 * Replaces members of npm:webtorrent's torrent that take much processor time, or that throw
 * uncaught exceptions.
 *
 * @module
 */

import { replace, type Replacement } from "../replacing/mod.ts";
import { torrentPrototype } from "./torrent_prototype.ts";
import type { Torrent } from "./webtorrent_types.ts";

interface Inner {
  destroyed: boolean;
  _peers: Map<string, { addr: string | null; wire: object | null; retries: number }> | null;
  /** SHA-1 of each piece, 40 hexadecimal digits. */
  _hashes: string[];
  _debug(): void;
  _update(): void;
  /**
   * Added by libreseed: whether an update, which sends requests, is scheduled for the end of this
   * turn of the event loop.
   */
  isUpdateDue?: boolean;
}

const torrents = torrentPrototype<Inner>();

/** The members of npm:webtorrent's torrent that are replaced because they are slow or throw. */
export const upkeepReplacements: readonly Replacement[] = [
  replace(torrents, "_debug", {
    because: "the text of a log line is made for each block, and no log is kept; and it throws " +
      "after the torrent was ended",
    report: "docs/upstream/ut-metadata.md",
    until: "a release makes the text only for a log that is on",
    pinned: "c18c5d3d53acc7d732cc7622ac39764dc68b5ed7972841ce61545dd1ffd53b5b",
    parameters: 0,
    by: () => () => {},
  }),
  replace(torrents, "_update", {
    because: "all peers are looked through for each block that comes",
    report: "docs/upstream/webtorrent-hooks.md",
    until: "a release looks once for all blocks of one turn",
    pinned: "748abd5662c7c0bc06fa56cf14ed7f8cfd3930a44fccd0a9cc887d1f4ccd4f0f",
    parameters: 0,
    by: (update) =>
      function (this: Inner) {
        if (this.isUpdateDue) return;
        this.isUpdateDue = true;
        queueMicrotask(() => {
          this.isUpdateDue = false;
          if (!this.destroyed) update.call(this);
        });
      },
  }),
];

/**
 * Makes a torrent search for blocks to request from its peers. By itself a torrent searches only
 * when it has received something.
 */
export function lookForRequests(torrent: Torrent): void {
  innerOf(torrent)._update();
}

/**
 * Forgets the hashes of a complete torrent's pieces, some 60 bytes each. Only missing pieces are verified.
 * To be called when the torrent is ready.
 */
export function forgetHashes(torrent: Torrent): void {
  innerOf(torrent)._hashes = [];
}

/** Number of peers whose address a torrent knows, connected or not. */
export function knownPeers(torrent: Torrent): number {
  return innerOf(torrent)._peers?.size ?? 0;
}

/**
 * Prevents a torrent from dialling a peer again after its connection has ended.
 *
 * @returns the peer's address, `HOST:PORT`, if we dialled the peer; otherwise `undefined`
 */
export function stopDialling(torrent: Torrent, wire: object): string | undefined {
  for (const peer of innerOf(torrent)._peers?.values() ?? []) {
    if (peer.wire !== wire || peer.addr === null) continue;
    peer.retries = Infinity;
    return peer.addr;
  }
  return undefined;
}

function innerOf(torrent: Torrent): Inner {
  return torrent as unknown as Inner;
}
