/**
 * The packets of a connection in the order in which they were sent; a packet that was sent again
 * has a second place. Each place is looked at only once. So a peer cannot make us search the whole
 * window with each acknowledgement.
 *
 * @module
 */

import { Fifo } from "./fifo.ts";

/** A packet with its place in the order. */
export interface Ordered {
  /** Position in the order of all that was sent, counting what was sent again. */
  order: number;
  /** Whether the peer has it, by a selective acknowledgement. */
  isSacked: boolean;
}

/** A queue of packets, the one that was sent first at its head. */
export class SendOrder<T extends Ordered> {
  readonly #packets = new Fifo<T>();
  /** Position of the head in the order. */
  #headOrder = 0;

  /** Adds a packet that is sent now. */
  add(packet: T): void {
    packet.order = this.#headOrder + this.#packets.length;
    this.#packets.add(packet);
  }

  /**
   * Removes the head and returns it, if it was sent at `until` or before and `isWanted`; else
   * `undefined`. What has arrived or was sent again later is passed over.
   */
  takeUntil(until: number, isWanted: (packet: T) => boolean): T | undefined {
    this.dropArrived();
    const packet = this.#headOrder <= until ? this.#packets.first : undefined;
    if (!packet || !isWanted(packet)) return undefined;
    this.#pass();
    return packet;
  }

  /** Removes what has arrived or was sent again later from the head. */
  dropArrived(): void {
    for (
      let packet;
      (packet = this.#packets.first) !== undefined &&
      (packet.isSacked || packet.order !== this.#headOrder);
    ) this.#pass();
  }

  #pass(): void {
    this.#packets.remove();
    this.#headOrder++;
  }
}
