/**
 * Which of this home's packages are in their publisher's list already, so that one more is listed
 * without looking at all others; and that one command of the home at a time writes it.
 *
 * @module
 */

import { dirname } from "node:path";
import { type Clock, equalBytes } from "../base/mod.ts";
import { knownManifest } from "../fetching/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import { type MutableItem, targetOf } from "../records/mod.ts";
import { lockFile, type StateDatabase } from "../store/mod.ts";

/** How long to wait for others that write the list, milliseconds: one that looks in vain takes long. */
const TIMEOUT_MS = 120_000;

/** What is known of the lists of one home's publishers. */
export class ListedPackages {
  readonly #state: () => StateDatabase;
  readonly #lockPath: string;
  readonly #clock: Clock;

  /**
   * @param state the home's, opened when it is needed first
   * @param lockPath held while a list is written
   */
  constructor(state: () => StateDatabase, lockPath: string, clock: Clock) {
    this.#state = state;
    this.#lockPath = lockPath;
    this.#clock = clock;
  }

  /**
   * Waits until no other process of this home writes a list: two at once would each leave out what the
   * other adds.
   *
   * @throws {StoreError} `DIRECTORY_BUSY`
   */
  async lock(signal?: AbortSignal): Promise<Disposable> {
    const options = { exclusive: true, clock: this.#clock, timeoutMs: TIMEOUT_MS, signal };
    return await lockFile(this.#lockPath, options);
  }

  /** Whether this home has written this list itself, so that what is known of it holds. */
  isFromHere({ publicKey, salt, seq, value }: MutableItem): boolean {
    const kept = this.#state().records.get(targetOf(publicKey, salt));
    return kept !== undefined && kept.own && kept.item.seq === seq &&
      equalBytes(kept.item.value, value);
  }

  /** What of a publisher's lies in a seed directory, was verified, and may not be listed. */
  unlisted(publicKey: Uint8Array, seedDirectory: string): MinimalManifest[] {
    const state = this.#state();
    return state.verifiedFiles.unlisted(publicKey)
      .filter((path) => dirname(path) === seedDirectory)
      .map((path) => knownManifest(state, path))
      .filter((manifest) => manifest !== undefined);
  }

  /** These are listed now. */
  note(publicKey: Uint8Array, manifests: readonly MinimalManifest[]): void {
    const state = this.#state();
    state.transaction(() => {
      for (const manifest of manifests) state.verifiedFiles.setListed(publicKey, manifest);
    });
  }
}
