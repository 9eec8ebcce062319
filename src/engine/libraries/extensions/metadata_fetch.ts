/**
 * The search for a torrent's metadata (BEP 9) among its peers.
 *
 * @module
 */

import { MetadataParts } from "./metadata_parts.ts";

/** A peer that sends parts of the metadata. */
export interface MetadataPeer {
  /** Disconnects the peer. */
  destroy(): void;
  /** Asks the peer for parts anew, if it has helped to fill these, which turned out to be wrong. */
  restart(wrong: MetadataParts): void;
  /**
   * Passes metadata to the torrent. Resolves to whether they match the infohash. Called once at a time for
   * all peers of a torrent.
   */
  offer(metadata: Uint8Array): Promise<boolean>;
}

/** The metadata of one torrent that its peers send. */
export class MetadataFetch {
  readonly #peers = new Set<MetadataPeer>();
  /** Parts that all peers share, by the length of the metadata that a peer announced. */
  readonly #shared = new Map<number, MetadataParts>();
  /** Whether parts of several peers have made wrong metadata. Each peer then fills its own buffer. */
  #isAlone = false;
  /**
   * The last attempt to pass metadata to the torrent; resolves to whether the torrent now has them.
   * Attempts run one after the other, because two at once would make npm:webtorrent initialize the torrent
   * twice.
   */
  #attempt: Promise<boolean> = Promise.resolve(false);

  /** Adds a peer that has metadata of a length in bytes. Returns the parts that it is to fill. */
  join(peer: MetadataPeer, sizeBytes: number): MetadataParts {
    this.#peers.add(peer);
    if (this.#isAlone) return new MetadataParts(sizeBytes);
    const parts = this.#shared.get(sizeBytes) ?? new MetadataParts(sizeBytes);
    this.#shared.set(sizeBytes, parts);
    return parts;
  }

  /** Removes a peer that has disconnected. */
  leave(peer: MetadataPeer): void {
    this.#peers.delete(peer);
  }

  /** Passes complete metadata to the torrent. Disconnects their sender if they are wrong. */
  async complete(parts: MetadataParts, peer: MetadataPeer): Promise<void> {
    const metadata = parts.whole!;
    const senders = [...parts.senders] as MetadataPeer[];
    this.#attempt = this.#attempt
      .then((isThere) => isThere || peer.offer(metadata))
      .catch(() => false);
    const isThere = await this.#attempt;
    parts.clear();
    if (this.#shared.get(parts.sizeBytes) === parts) this.#shared.delete(parts.sizeBytes);
    if (isThere) return;
    if (senders.length === 1) senders[0]!.destroy();
    else this.#isAlone = true;
    for (const other of [...this.#peers]) other.restart(parts);
  }
}
