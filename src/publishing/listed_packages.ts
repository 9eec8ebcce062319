/**
 * The packages that this home has added to its publisher's list (the announce record). With this
 * information, adding one package does not require reading the manifests of all others. Also provides the
 * lock that lets only one command at a time write the list.
 *
 * @module
 */

import { dirname } from "node:path";
import {
  type Clock,
  equalBytes,
  type FlagsByName,
  NO_FLAGS,
  type PackageFlags,
} from "../base/mod.ts";
import { knownManifest, minimalOf } from "../fetching/mod.ts";
import { identityOf, type Signer } from "../identity/mod.ts";
import { type MinimalManifest, signingKeyOf } from "../package/mod.ts";
import { manifestSalt, type MutableItem, targetOf } from "../records/mod.ts";
import { lockFile, type StateDatabase } from "../store/mod.ts";

/**
 * Maximum time to wait for the lock of the list (ms). The process that holds the lock may be downloading
 * a catalog.
 */
const TIMEOUT_MS = 120_000;

/** The packages that one home has added to its publisher's list, stored in `state.db`. */
export class ListedPackages {
  readonly #state: () => StateDatabase;
  readonly #lockPath: string;
  readonly #clock: Clock;

  /**
   * Creates the view of a home's listed packages.
   *
   * @param state opens the state database of the home; called lazily
   * @param lockPath path of the lock file
   */
  constructor(state: () => StateDatabase, lockPath: string, clock: Clock) {
    this.#state = state;
    this.#lockPath = lockPath;
    this.#clock = clock;
  }

  /**
   * Locks the list against other processes of this home. Without the lock, concurrent writers could
   * overwrite each other's additions.
   *
   * @throws {StoreError} `DIRECTORY_BUSY`
   */
  async lock(signal?: AbortSignal): Promise<Disposable> {
    const options = { exclusive: true, clock: this.#clock, timeoutMs: TIMEOUT_MS, signal };
    return await lockFile(this.#lockPath, options);
  }

  /**
   * Whether this home itself wrote the given announce record. If so, all packages in the record are
   * marked as listed in the database.
   */
  isFromHere({ publicKey, salt, seq, value }: MutableItem): boolean {
    const kept = this.#state().records.get(targetOf(publicKey, salt));
    return kept !== undefined && kept.own && kept.item.seq === seq &&
      equalBytes(kept.item.value, value);
  }

  /**
   * Whether this home itself has published an archive: it keeps a manifest record that names the archive,
   * and did not find that record in the DHT. Whoever else has the key can sign other archives.
   */
  isPublishedHere(minimal: MinimalManifest): boolean {
    const { name, version, archiveSha256 } = minimal;
    const target = targetOf(signingKeyOf(minimal), manifestSalt(name, version));
    const kept = this.#state().records.get(target);
    return kept !== undefined && kept.own &&
      minimalOf(kept.item, minimal).archiveSha256 === archiveSha256;
  }

  /**
   * Returns a publisher's verified packages in the seed directory that the database does not mark as
   * listed.
   */
  unlisted(publicKey: Uint8Array, seedDirectory: string): MinimalManifest[] {
    const state = this.#state();
    return state.verifiedFiles.unlisted(publicKey)
      .filter((path) => dirname(path) === seedDirectory)
      .map((path) => knownManifest(state, path))
      .filter((manifest) => manifest !== undefined);
  }

  /**
   * Merges flags that were just read with those that this home has seen: for each package, the newer
   * ones count. So an old record in the DHT takes back no flag, and a new signing key takes over the flags
   * of the identity.
   *
   * @param signer the key of the record with `flags`, and its certificate
   * @param seq sequence number of that record; -1 if the flags could not be read
   */
  settleFlags(
    signer: Pick<Signer, "publicKey" | "certificate">,
    seq: number,
    flags: FlagsByName,
  ): FlagsByName {
    const keys = [signer.publicKey, identityOf(signer)];
    return this.#state().offers.settleAll(signer.certificate ? keys : keys.slice(1), seq, flags);
  }

  /** Returns the newest flags of a package that this home has seen. */
  seenFlags(identity: Uint8Array, name: string): PackageFlags {
    return this.#state().offers.get(identity, name)?.flags ?? NO_FLAGS;
  }

  /** Marks packages in the database as listed in the publisher's announce record. */
  note(publicKey: Uint8Array, manifests: readonly MinimalManifest[]): void {
    const state = this.#state();
    state.transaction(() => {
      for (const manifest of manifests) state.verifiedFiles.setListed(publicKey, manifest);
    });
  }
}
