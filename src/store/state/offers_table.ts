/**
 * Table of the newest flags that this home has seen: for a publisher's package, the yanked and
 * deprecated versions and the tags. Nodes of the DHT may show an older list than one that was seen;
 * the newest `seq` wins, so that an old list cannot take back a flag.
 *
 * @module
 */

import { type FlagsByName, hasFlags, NO_FLAGS, type PackageFlags } from "../../base/mod.ts";
import { parsePublicKey } from "../../identity/mod.ts";
import { type MinimalManifest, signingKeyOf } from "../../package/mod.ts";
import type { Row, Sqlite } from "./sqlite.ts";

/** A publisher's offer of one package in one of its announce records. */
export interface PackageOffer {
  /** BEP 44 sequence number of the announce record. */
  seq: number;
  /** Listed versions, in any order, yanked ones included; absent if the list was not read. */
  versions?: readonly string[];
  flags: PackageFlags;
}

/** Maximum length of the stored versions of one package, characters of JSON. */
const MAX_VERSIONS_LENGTH = 64 << 10;

/** The table of seen flags, one row per public key and package name. */
export class OffersTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Returns the newest offer of a package that was stored; `undefined` if there is none. */
  get(publicKey: Uint8Array, name: string): PackageOffer | undefined {
    const row = this.#sqlite.row(
      "SELECT seq, versions, flags FROM seen_flags WHERE public_key = ? AND name = ?",
      publicKey,
      name,
    );
    return row && offerOf(row);
  }

  /**
   * Returns the newest stored offer of a manifest's package: by the list of the key that signed the
   * manifest, or by what the publisher's own home has stored under its identity.
   */
  ofManifest(manifest: MinimalManifest): PackageOffer | undefined {
    const [byKey, byIdentity] = [signingKeyOf(manifest), parsePublicKey(manifest.pubkey)]
      .map((key) => this.get(key, manifest.name));
    return byKey && byIdentity && byIdentity.seq > byKey.seq ? byIdentity : byKey ?? byIdentity;
  }

  /**
   * Compares an offer that was just read with the stored one, and stores it if it is newer. Packages
   * without flags are stored only if there were flags before, so most packages have no row.
   *
   * @returns the newer of the two offers
   */
  settle(publicKey: Uint8Array, name: string, read: PackageOffer): PackageOffer {
    const known = this.get(publicKey, name);
    if (known && known.seq >= read.seq) {
      return known.seq === read.seq
        ? read
        : { ...known, versions: known.versions ?? read.versions };
    }
    if (!known && !hasFlags(read.flags)) return read;
    return this.#sqlite.transaction(() => {
      // Another process may have stored a newer offer meanwhile.
      const { yanked, deprecated, tags } = read.flags;
      const versions = JSON.stringify(read.versions ?? known?.versions ?? null);
      this.#sqlite.change(
        `INSERT INTO seen_flags (public_key, name, seq, versions, flags) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (public_key, name) DO UPDATE
          SET seq = excluded.seq, versions = excluded.versions, flags = excluded.flags
          WHERE seq < excluded.seq`,
        publicKey,
        name,
        read.seq,
        versions.length <= MAX_VERSIONS_LENGTH ? versions : "null",
        JSON.stringify({ yanked: [...yanked], deprecated: [...deprecated], tags: [...tags] }),
      );
      return read;
    });
  }

  /**
   * Settles all flags of a publisher at once. A package whose flags are stored and that `flags` lacks
   * has no flags any more.
   *
   * @param publicKeys keys under which the flags are stored: the newest flags under any of them count,
   * and are stored under each
   * @param seq sequence number of the announce record with `flags`
   * @returns the newest flags of each package
   */
  settleAll(publicKeys: readonly Uint8Array[], seq: number, flags: FlagsByName): FlagsByName {
    return this.#sqlite.transaction(() => {
      const stored = publicKeys.flatMap((publicKey) =>
        this.#sqlite.rows("SELECT name FROM seen_flags WHERE public_key = ?", publicKey)
          .map(({ name }) => name as string)
      );
      return new Map([...new Set([...flags.keys(), ...stored])].map((name) => {
        let newest: PackageOffer = { seq, flags: flags.get(name) ?? NO_FLAGS };
        // The second time, the first keys get what the last ones had.
        for (const publicKey of [...publicKeys, ...publicKeys]) {
          newest = this.settle(publicKey, name, newest);
        }
        return [name, newest.flags];
      }));
    });
  }
}

function offerOf({ seq, versions, flags }: Row): PackageOffer {
  const { yanked, deprecated, tags } = JSON.parse(flags as string);
  return {
    seq: seq as number,
    versions: JSON.parse(versions as string) ?? undefined,
    flags: { yanked: new Map(yanked), deprecated: new Map(deprecated), tags: new Map(tags) },
  };
}
