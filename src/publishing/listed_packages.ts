/**
 * The packages that this home has listed in its publisher's announce record, so that listing one more
 * does not read all others; and the lock under which one command at a time writes the list.
 *
 * @module
 */

import { dirname } from "node:path";
import { type Clock, equalBytes } from "../base/mod.ts";
import { knownManifest } from "../fetching/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import { type MutableItem, targetOf } from "../records/mod.ts";
import { lockFile, type StateDatabase } from "../store/mod.ts";

/** Most time to wait for the lock (ms); a holder may be waiting for an unreachable catalog. */
const TIMEOUT_MS = 120_000;

/** The packages that one home has listed, from `state.db`. */
export class ListedPackages {
  readonly #state: () => StateDatabase;
  readonly #lockPath: string;
  readonly #clock: Clock;

  /**
   * @param state the home's database, opened at the first call
   * @param lockPath path of the lock file of the list
   */
  constructor(state: () => StateDatabase, lockPath: string, clock: Clock) {
    this.#state = state;
    this.#lockPath = lockPath;
    this.#clock = clock;
  }

  /**
   * Locks the list against other processes of this home. Concurrent writers would lose each other's
   * packages.
   *
   * @throws {StoreError} `DIRECTORY_BUSY`
   */
  async lock(signal?: AbortSignal): Promise<Disposable> {
    const options = { exclusive: true, clock: this.#clock, timeoutMs: TIMEOUT_MS, signal };
    return await lockFile(this.#lockPath, options);
  }

  /** Whether this home wrote an announce record itself, so that its notes on it are complete. */
  isFromHere({ publicKey, salt, seq, value }: MutableItem): boolean {
    const kept = this.#state().records.get(targetOf(publicKey, salt));
    return kept !== undefined && kept.own && kept.item.seq === seq &&
      equalBytes(kept.item.value, value);
  }

  /** Verified packages of a publisher in a seed directory that are not noted as listed. */
  unlisted(publicKey: Uint8Array, seedDirectory: string): MinimalManifest[] {
    const state = this.#state();
    return state.verifiedFiles.unlisted(publicKey)
      .filter((path) => dirname(path) === seedDirectory)
      .map((path) => knownManifest(state, path))
      .filter((manifest) => manifest !== undefined);
  }

  /** Notes packages as listed. */
  note(publicKey: Uint8Array, manifests: readonly MinimalManifest[]): void {
    const state = this.#state();
    state.transaction(() => {
      for (const manifest of manifests) state.verifiedFiles.setListed(publicKey, manifest);
    });
  }
}
