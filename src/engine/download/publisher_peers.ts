/**
 * Memory of the peers that were met at publishers' rendezvous. A peer that is named there has some
 * archive of the publisher, not necessarily the one that is downloaded.
 *
 * @module
 */

import { type Clock, setNewest } from "../../base/mod.ts";

/** Time for which a peer counts as one that lacks an archive, or as one that is useful (ms). */
const REMEMBERED_MS = 60 * 60_000;
/** Maximum number of pairs of archive and peer that are remembered (LRU): some 2 MB. */
const MAX_LACKING = 16_384;
/** Maximum number of publishers whose useful peers are remembered (LRU). */
const MAX_PUBLISHERS = 256;
/** Maximum number of useful peers of one publisher (LRU). */
const MAX_USEFUL = 16;

/** The peers of publishers, as the downloads of one engine have met them. Addresses are `HOST:PORT`. */
export class PublisherPeers {
  readonly #clock: Clock;
  readonly #lacking: Recent;
  /** The peers that have sent something of an archive, by the publisher's identity (hex). */
  readonly #useful = new Map<string, Recent>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lacking = new Recent(MAX_LACKING);
  }

  /** Whether a peer turned out less than an hour ago not to have an archive, or to be out of reach. */
  lacks(infoHashHex: string, address: string): boolean {
    return this.#lacking.has(`${infoHashHex} ${address}`, this.#clock.now());
  }

  /** Notes that a peer does not have an archive, or cannot be reached. */
  noteLacking(infoHashHex: string, address: string): void {
    this.#lacking.add(`${infoHashHex} ${address}`, this.#clock.now());
  }

  /** Peers that have sent something of the publisher's archives in the last hour, the newest first. */
  useful(publisherHex: string): string[] {
    return this.#useful.get(publisherHex)?.list(this.#clock.now()).reverse() ?? [];
  }

  /** Notes that a peer has sent something of an archive of the publisher. */
  noteUseful(publisherHex: string, address: string): void {
    const peers = this.#useful.get(publisherHex) ?? new Recent(MAX_USEFUL);
    peers.add(address, this.#clock.now());
    setNewest(this.#useful, publisherHex, peers, MAX_PUBLISHERS);
  }

  /** Number of pairs of archive and peer, and number of publishers, that are remembered. */
  get size(): { lacking: number; publishers: number } {
    return { lacking: this.#lacking.size, publishers: this.#useful.size };
  }
}

/** A bounded set whose members count for an hour after they were added last. */
class Recent {
  readonly #max: number;
  /** Time when each member was added last (ms), the oldest first. */
  readonly #added = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#added.size;
  }

  add(member: string, nowMs: number): void {
    setNewest(this.#added, member, nowMs, this.#max);
  }

  has(member: string, nowMs: number): boolean {
    const addedMs = this.#added.get(member);
    if (addedMs === undefined) return false;
    // The absolute value is compared, so that setting the clock back extends nothing.
    if (Math.abs(nowMs - addedMs) < REMEMBERED_MS) return true;
    this.#added.delete(member);
    return false;
  }

  list(nowMs: number): string[] {
    return [...this.#added.keys()].filter((member) => this.has(member, nowMs));
  }
}
