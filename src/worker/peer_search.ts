/**
 * Searches for peers of a download in the DHT until the download ends: at the archive's infohash, and at
 * the same time at its publisher's rendezvous, where mirrors are found that do not announce each archive.
 *
 * @module
 */

import { type Clock, delay, type Family } from "../base/mod.ts";
import type { DhtManager, PeerAddress } from "../dht/mod.ts";

/** Back-off between searches for peers of a download, milliseconds. */
const PEER_SEARCH_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
/** Interval between announcements of a running download; nodes forget a peer after half an hour (BEP 5). */
const ANNOUNCE_DOWNLOAD_MS = 20 * 60_000;
/** A download with this number of connected peers does not search for more peers. */
const ENOUGH_PEERS = 20;

/** Options of {@linkcode searchPeers}. */
export interface PeerSearchOptions {
  /** Infohash of the download, 20 bytes. */
  infoHash: Uint8Array;
  /** Returns the manager; throws if the DHT is off. */
  manager: () => Pick<DhtManager, "announcePeer" | "findPeers">;
  /** TCP port at which peers reach this machine, by family. */
  port: () => Record<Family, number>;
  /** Whether this program is announced as a peer. One that has only a beginning is of no use to others. */
  announces?: boolean;
  /** Number of connected peers. */
  peers: () => number;
  onPeers: (found: PeerAddress[]) => void;
  /** Searches once at the rendezvous of the archive's publisher, if the publisher is known. */
  atRendezvous?: (signal: AbortSignal) => Promise<void>;
  clock: Clock;
  /** Ends the search. */
  signal: AbortSignal;
}

/**
 * Searches for peers with growing pauses until `signal` aborts, while the download has too few
 * peers. Also announces this program as a peer of the archive, so that concurrent downloads can exchange
 * pieces. A reader is no mirror, so it is not announced at the rendezvous.
 */
export async function searchPeers(options: PeerSearchOptions): Promise<void> {
  const { infoHash, manager, port, peers, onPeers, clock, signal, announces = true } = options;
  let announcedMs: number | undefined;
  const atInfoHash = async (round: number) => {
    // The first round makes no announcement, because most downloads end before other peers find
    // the announcement.
    const nowMs = clock.now();
    if (announces && round > 0 && nowMs - (announcedMs ?? -Infinity) >= ANNOUNCE_DOWNLOAD_MS) {
      await manager().announcePeer(infoHash, port(), { signal });
      announcedMs = nowMs;
    }
    if (peers() < ENOUGH_PEERS) await manager().findPeers(infoHash, { signal, onPeers });
  };
  const atRendezvous = async () => {
    if (peers() < ENOUGH_PEERS) await options.atRendezvous?.(signal);
  };
  // Neither search waits for the other one.
  await Promise.all([repeat(atInfoHash, clock, signal), repeat(atRendezvous, clock, signal)]);
}

/** Repeats a search with growing pauses until `signal` aborts. */
async function repeat(
  search: (round: number) => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (let round = 0; !signal.aborted; round++) {
    try {
      await search(round);
    } catch {
      // The search fails if the DHT is off. The next round tries again, because the DHT may recover
      // while the download runs.
    }
    const pauseMs = PEER_SEARCH_MS[Math.min(round, PEER_SEARCH_MS.length - 1)]!;
    await delay(clock, pauseMs, signal).catch(() => {});
  }
}
