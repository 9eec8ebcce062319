/**
 * The rendezvous at which this machine can be met. Handshakes for other infohashes are not taken.
 *
 * @module
 */

import { obfuscatedInfoHash } from "../libraries/mod.ts";

/** A set of infohashes, found by themselves or by what an encrypted handshake names. */
export class Places {
  #places: ReadonlySet<string> = new Set();
  /** Infohashes by obfuscated infohash. Computed at the first encrypted handshake. */
  #byObfuscatedHash: Map<string, string> | undefined;

  /** Replaces the infohashes, 40 hexadecimal digits each. */
  set(places: ReadonlySet<string>): void {
    this.#places = places;
    this.#byObfuscatedHash = undefined;
  }

  /** Whether this machine can be met at an infohash. */
  has(infoHashHex: string): boolean {
    return this.#places.has(infoHashHex);
  }

  /** Returns the infohash that an encrypted handshake is meant for; `undefined` if it is not ours. */
  findObfuscated(hashHex: string): string | undefined {
    this.#byObfuscatedHash ??= new Map(
      [...this.#places].map((place) => [obfuscatedInfoHash(place), place]),
    );
    return this.#byObfuscatedHash.get(hashHex);
  }
}
