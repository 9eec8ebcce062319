/**
 * The memory of packets that are sent: large pieces, from which the packets of a bulk transfer are cut.
 *
 * @module
 */

/** Length of the memory from which packets are cut, in bytes. */
const SLAB_BYTES = 128 * 1024;
const EMPTY = new Uint8Array(0);

/** Makes the memory of one connection's packets. */
export class PacketMemory {
  #slab = EMPTY;
  #at = 0;

  /**
   * Returns memory for a packet.
   *
   * @param queuedBytes number of bytes that wait to be sent
   */
  take(lengthBytes: number, queuedBytes: number): Uint8Array {
    if (this.#at + lengthBytes > this.#slab.length) {
      // A short packet gets memory of its own, so that an idle connection keeps no slab.
      this.#slab = new Uint8Array(queuedBytes >= SLAB_BYTES / 2 ? SLAB_BYTES : lengthBytes);
      this.#at = 0;
    }
    return this.#slab.subarray(this.#at, this.#at += lengthBytes);
  }

  /** Keeps no memory for packets to come. */
  release(): void {
    this.#slab = EMPTY;
  }
}
