/**
 * Keeps dead nodes out of the routing table of the DHT node of IPv6. npm:bittorrent-dht does this for
 * IPv4.
 *
 * @module
 */

import type { Clock, Timer } from "../../base/mod.ts";
import type { Krpc, KrpcContact } from "../libraries/mod.ts";

/** Interval between two rounds of pings (ms). */
const ROUND_MS = 60_000;
/** Time without a packet after which a contact is pinged (ms), as in BEP 5. */
const QUESTIONABLE_MS = 15 * 60_000;
/** Maximum number of contacts pinged in a round. */
const PINGED = 16;

/** Pings contacts that were silent for long, and removes those that do not answer. */
export class TableUpkeep {
  readonly #krpc: Krpc;
  readonly #clock: Clock;
  #timer: Timer | undefined;

  constructor(krpc: Krpc, clock: Clock) {
    this.#krpc = krpc;
    this.#clock = clock;
    // A new node waits for a place in a full bucket; it gets the place of a dead contact.
    krpc.on("ping", ([oldest]: KrpcContact[], swap: (dead: KrpcContact) => void) => {
      if (oldest) this.#ping(oldest, () => swap(oldest));
    });
  }

  /** Starts the rounds. */
  start(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(ROUND_MS, () => {
      this.#round();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #round(): void {
    const { nodes } = this.#krpc;
    const nowMs = this.#clock.now();
    const questionable = nodes.toArray()
      .filter(({ seen = 0 }) => Math.abs(nowMs - seen) >= QUESTIONABLE_MS)
      .sort((a, b) => (a.seen ?? 0) - (b.seen ?? 0));
    for (const contact of questionable.slice(0, PINGED)) {
      this.#ping(contact, () => nodes.remove(contact.id));
    }
  }

  #ping(contact: KrpcContact, onDead: () => void): void {
    const { id, socket, destroyed } = this.#krpc;
    if (destroyed) return;
    // Only a timeout shows that a node is dead; a packet that was not sent shows nothing.
    socket.query(contact, { q: "ping", a: { id } }, (error) => {
      if (error?.code === "ETIMEDOUT" || error?.code === "EUNEXPECTEDNODE") onDead();
    });
  }
}
