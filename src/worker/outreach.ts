/**
 * Looks for readers of what this machine seeds, and dials them, while nobody outside can dial this
 * machine. A reader announces itself in the DHT, so a seeder behind a NAT finds it. A mirror found so
 * introduces later readers (BEP 55).
 *
 * @module
 */

import { type Clock, formatHostPort, fromHex, setNewest, type Timer } from "../base/mod.ts";
import type { PeerAddress } from "../dht/mod.ts";

/** Options of {@linkcode Outreach}. */
export interface OutreachOptions {
  clock: Clock;
  /**
   * Searches for peers of a torrent in the DHT. May reject.
   *
   * @param onPeers called with the new peers of each node's answer
   */
  findPeers: (
    infoHash: Uint8Array,
    onPeers: (peers: PeerAddress[]) => void,
  ) => Promise<unknown>;
  /** Dials peers of a torrent that is seeded. */
  dial: (infoHashHex: string, peers: PeerAddress[]) => void;
  /** Whether an address is our own. */
  isOurs: (peer: PeerAddress) => boolean;
}

/** Interval between two searches (ms). One search takes some 12 packets. */
const SEARCH_MS = 15_000;
/** Number of torrents whose readers are looked for: those that were added last. */
const MAX_TORRENTS = 16;
/** Maximum number of torrents that are remembered, so that others take the places of removed ones. */
const MAX_REMEMBERED = 64;
/** Time for which a peer that was dialled is not dialled again for the same torrent (ms). */
const DIALLED_FOR_MS = 10 * 60_000;
/**
 * Maximum number of peers that are dialled after a search. A node may name hundreds of addresses at which
 * nobody reads, so each node's answer gives one peer, then each another one, and so on.
 */
const MAX_AT_ONCE = 64;
/** Maximum number of dialled peers that are remembered; the oldest is dropped. */
const MAX_DIALLED = 4_096;

/** The searches of a machine that cannot be dialled. */
export class Outreach {
  readonly #options: OutreachOptions;
  /** Times of the last searches (Unix ms; 0: none) by infohash, of the torrents that were added last, in order. */
  readonly #searchedMs = new Map<string, number>();
  /** Time of the last dial (ms), by infohash and address. */
  readonly #dialled = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(options: OutreachOptions) {
    this.#options = options;
  }

  /** Starts the searches if nobody can dial this machine, and ends them otherwise. */
  set isWanted(wanted: boolean) {
    if (!wanted) this.stop();
    else this.#timer ??= this.#later();
  }

  /** Notes that a torrent is seeded. */
  add(infoHashHex: string): void {
    setNewest(this.#searchedMs, infoHashHex, 0, MAX_REMEMBERED);
  }

  /** Notes that a torrent is no longer seeded. */
  forget(infoHashHex: string): void {
    this.#searchedMs.delete(infoHashHex);
  }

  /** Ends the searches. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #later(): Timer {
    return this.#options.clock.after(SEARCH_MS, () => {
      this.#timer = this.#later();
      void this.#search();
    });
  }

  /** Searches for peers of the torrent whose last search is longest ago. */
  async #search(): Promise<void> {
    const { clock, findPeers, dial, isOurs } = this.#options;
    // The torrent that was added last comes first among those that were never searched for.
    const [next] = [...this.#searchedMs].reverse().slice(0, MAX_TORRENTS).sort(([, a], [, b]) =>
      a - b
    );
    if (!next) return;
    const [infoHashHex] = next;
    this.#searchedMs.set(infoHashHex, clock.now());
    const answers: PeerAddress[][] = [];
    await findPeers(fromHex(infoHashHex)!, (peers) => answers.push(peers)).catch(() => {});
    const fresh: PeerAddress[] = [];
    for (const peer of inTurn(answers)) {
      if (fresh.length === MAX_AT_ONCE) break;
      if (!isOurs(peer) && this.#isFresh(infoHashHex, peer)) fresh.push(peer);
    }
    if (fresh.length > 0 && this.#timer) dial(infoHashHex, fresh);
  }

  #isFresh(infoHashHex: string, peer: PeerAddress): boolean {
    const key = `${infoHashHex} ${formatHostPort(peer)}`;
    const nowMs = this.#options.clock.now();
    const dialledMs = this.#dialled.get(key);
    if (dialledMs !== undefined && Math.abs(nowMs - dialledMs) < DIALLED_FOR_MS) return false;
    setNewest(this.#dialled, key, nowMs, MAX_DIALLED);
    return true;
  }
}

/** Yields the first item of each list, then the second of each, and so on. */
function* inTurn<T>(lists: readonly (readonly T[])[]): Generator<T> {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  for (let i = 0; i < longest; i++) {
    for (const list of lists) if (i < list.length) yield list[i]!;
  }
}
