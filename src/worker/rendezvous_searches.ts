/**
 * Searches for the peers that meet at rendezvous. Downloads of one publisher's archives and questions at its
 * rendezvous share the searches, so a mirror that fetches thousands of archives asks the DHT once each half
 * minute, and a reader that asks for a manifest has searched for the archive's peers.
 *
 * @module
 */

import { type Clock, setNewest, toHex } from "../base/mod.ts";
import type { DhtManager, PeerAddress } from "../dht/mod.ts";

/**
 * Time for which a download uses the result of an earlier search that found peers, unless it has
 * used that result before (ms).
 */
const FRESH_MS = 30_000;
/** Minimum time between two searches at one rendezvous that found peers (ms). */
const PAUSE_MS = 2_000;
/** Maximum number of rendezvous whose last search is remembered (LRU). */
const MAX_SEARCHES = 64;
/** Maximum number of nodes' answers that are remembered of one search; each names at most 256 peers. */
const MAX_ANSWERS = 32;

/** Called with the peers that one node has named. `search` is a number that a later search exceeds. */
export type OnNamed = (search: number, named: PeerAddress[]) => void;

/** One search at a rendezvous. */
interface Search {
  number: number;
  begunMs: number;
  /** Peers that were named so far, by the nodes' answers. */
  answers: PeerAddress[][];
  listeners: Set<OnNamed>;
  ended: Promise<void>;
  isRunning: boolean;
}

/** The searches at rendezvous of one process. */
export class RendezvousSearches {
  readonly #clock: Clock;
  readonly #manager: () => Pick<DhtManager, "findPeers">;
  /** The last search at each rendezvous, by its infohash (hex), the least recently begun first. */
  readonly #searches = new Map<string, Search>();
  #count = 0;

  /** @param manager returns the manager; throws if the DHT is off */
  constructor(clock: Clock, manager: () => Pick<DhtManager, "findPeers">) {
    this.#clock = clock;
    this.#manager = manager;
  }

  /**
   * Searches for peers to ask a question: as {@linkcode find}, but only a search that runs, or of the last
   * two seconds, is joined, so that a peer that has just come is met.
   */
  async findToAsk(
    infoHash: Uint8Array,
    onNamed: (named: PeerAddress[]) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.find(infoHash, (_, named) => onNamed(named), signal, undefined, PAUSE_MS);
  }

  /**
   * Searches for peers at a rendezvous, or joins a search: one that runs, or one of the last half minute
   * (`freshMs`) that found peers, unless the caller has had it. Resolves at the end of the search, or when
   * `signal` aborts. The search goes on for the others that have joined it.
   *
   * @param infoHash infohash of the rendezvous, 20 bytes
   * @param seen number of the search that the caller has had before; it is not reported again
   * @returns number of the search
   */
  async find(
    infoHash: Uint8Array,
    onNamed: OnNamed,
    signal: AbortSignal,
    seen?: number,
    freshMs = FRESH_MS,
  ): Promise<number | undefined> {
    if (signal.aborted) return seen;
    const infoHashHex = toHex(infoHash);
    const before = this.#searches.get(infoHashHex);
    const search = before && this.#isUsable(before, before.number === seen ? PAUSE_MS : freshMs)
      ? before
      : this.#begin(infoHash, infoHashHex);
    if (search.number === seen) return seen;
    for (const named of search.answers) onNamed(search.number, named);
    const left = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => left.resolve(), { once: true });
    search.listeners.add(onNamed);
    try {
      await Promise.race([search.ended, left.promise]);
    } finally {
      search.listeners.delete(onNamed);
    }
    return search.number;
  }

  #isUsable({ isRunning, answers, begunMs }: Search, freshMs: number): boolean {
    if (isRunning) return true;
    return answers.length > 0 && Math.abs(this.#clock.now() - begunMs) < freshMs;
  }

  #begin(infoHash: Uint8Array, infoHashHex: string): Search {
    const search: Search = {
      number: ++this.#count,
      begunMs: this.#clock.now(),
      answers: [],
      listeners: new Set(),
      ended: Promise.resolve(),
      isRunning: true,
    };
    const run = async () => {
      try {
        await this.#manager().findPeers(infoHash, {
          isAside: true,
          onNamed(named) {
            if (search.answers.length >= MAX_ANSWERS) return;
            search.answers.push(named);
            for (const listener of search.listeners) listener(search.number, named);
          },
        });
      } catch {
        // The DHT is off, or the process is stopping. The caller searches again later.
      } finally {
        search.isRunning = false;
      }
    };
    search.ended = run();
    setNewest(this.#searches, infoHashHex, search, MAX_SEARCHES);
    return search;
  }
}
