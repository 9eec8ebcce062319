/**
 * Searches for the peers that meet at publishers' rendezvous. Downloads of one publisher's archives share
 * the searches, so a mirror that fetches thousands of archives asks the DHT once each half minute.
 *
 * @module
 */

import { type Clock, toHex } from "../base/mod.ts";
import type { DhtManager, PeerAddress } from "../dht/mod.ts";
import { publisherRendezvous } from "../records/mod.ts";

/** Time for which a download uses the result of a search that found peers, if it is new to it (ms). */
const FRESH_MS = 30_000;
/** Minimum time between two searches of one publisher that found peers (ms). */
const PAUSE_MS = 2_000;
/** Maximum number of publishers whose last search is remembered (LRU). */
const MAX_PUBLISHERS = 64;
/** Maximum number of nodes' answers that are remembered of one search; each names at most 256 peers. */
const MAX_ANSWERS = 32;

/** Called with the peers that one node has named. `search` is a number that a later search exceeds. */
export type OnNamed = (search: number, named: PeerAddress[]) => void;

/** One search at a publisher's rendezvous. */
interface Search {
  number: number;
  begunMs: number;
  /** What each node has named so far. */
  answers: PeerAddress[][];
  listeners: Set<OnNamed>;
  ended: Promise<void>;
  isRunning: boolean;
}

/** The searches at publishers' rendezvous of one process. */
export class PublisherSearches {
  readonly #clock: Clock;
  readonly #manager: () => Pick<DhtManager, "findPeers">;
  /** The last search of each publisher, by its identity (hex), the least recently begun first. */
  readonly #searches = new Map<string, Search>();
  #count = 0;

  /** @param manager returns the manager; throws if the DHT is off */
  constructor(clock: Clock, manager: () => Pick<DhtManager, "findPeers">) {
    this.#clock = clock;
    this.#manager = manager;
  }

  /**
   * Searches for peers at a publisher's rendezvous, or joins a search: one that runs, or one of the last
   * half minute that found peers, unless the caller has had it. Resolves at the end of the search, or when `signal` aborts. The search
   * goes on for the others that have joined it.
   *
   * @param publisher the publisher's identity, 32 bytes
   * @param seen number of the search that the caller has had before; it is not reported again
   * @returns number of the search
   */
  async find(
    publisher: Uint8Array,
    onNamed: OnNamed,
    signal: AbortSignal,
    seen?: number,
  ): Promise<number | undefined> {
    if (signal.aborted) return seen;
    const publisherHex = toHex(publisher);
    const before = this.#searches.get(publisherHex);
    const search = before && this.#isUsable(before, seen)
      ? before
      : this.#begin(publisher, publisherHex);
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

  #isUsable({ number, isRunning, answers, begunMs }: Search, seen: number | undefined): boolean {
    if (isRunning) return true;
    const freshMs = number === seen ? PAUSE_MS : FRESH_MS;
    return answers.length > 0 && Math.abs(this.#clock.now() - begunMs) < freshMs;
  }

  #begin(publisher: Uint8Array, publisherHex: string): Search {
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
        await this.#manager().findPeers(publisherRendezvous(publisher), {
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
    this.#searches.delete(publisherHex);
    this.#searches.set(publisherHex, search);
    if (this.#searches.size > MAX_PUBLISHERS) {
      this.#searches.delete(this.#searches.keys().next().value!);
    }
    return search;
  }
}
