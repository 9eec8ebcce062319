/**
 * Tables of followed publishers, and of the packages in their published lists.
 *
 * @module
 */

import { type MinimalManifest, parseMinimal, serializeMinimal } from "../../package/mod.ts";
import type { Sqlite } from "./sqlite.ts";

/** The part of a publisher's packages that the user follows: everything, or versions of one package. */
export interface FollowScope {
  /** Name of the package; absent if everything is followed. */
  name?: string;
  /** Semver range or tag; absent if all versions are followed. */
  range?: string;
}

/** A publisher that the user follows, with the state of its stored package list. */
export interface Follow {
  /** Ed25519 public key of the publisher, 32 bytes. */
  publicKey: Uint8Array;
  /** Time when the user began to follow the publisher, Unix milliseconds. */
  sinceMs: number;
  /** The followed parts, at least one, and the time since which each is followed (Unix milliseconds). */
  scopes: (FollowScope & { sinceMs: number })[];
  /**
   * The package lists of the publisher that are stored whole: the keys that signed them, and the sequence
   * numbers (`seq`) of the announce records.
   */
  lists: FollowedList[];
  /** Time when the publisher's announce record was last read, Unix milliseconds. */
  checkedMs?: number;
}

/** A stored list of packages of a followed publisher. */
export interface FollowedList {
  /** The key that signed the list, 32 bytes. */
  key: Uint8Array;
  /** Sequence number of the announce record. */
  seq: number;
}

/** A stored package of a followed publisher. */
export interface ListedPackage {
  name: string;
  version: string;
  /** Infohash of the archive's torrent, 40 hexadecimal digits. */
  infoHashHex: string;
}

/** Access to the tables of followed publishers and of their packages. */
export class FollowsTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /**
   * Follows a publisher, or a package of it, in addition to what is followed already. If that is new, the
   * publisher's lists count as not read. Does nothing if it is followed already.
   */
  add(publicKey: Uint8Array, sinceMs: number, { name = "", range = "" }: FollowScope = {}): void {
    this.#sqlite.transaction(() => {
      this.#sqlite.change(
        "INSERT OR IGNORE INTO follows (public_key, since_ms) VALUES (?, ?)",
        publicKey,
        sinceMs,
      );
      const added = this.#sqlite.change(
        "INSERT OR IGNORE INTO follow_scopes VALUES (?, ?, ?, ?)",
        ...[publicKey, name, range, sinceMs],
      );
      if (added > 0) this.#readAgain(publicKey);
    });
  }

  /**
   * Ends following a publisher with all its packages, a package in all ranges, or one range of a package.
   * Stored packages that are followed no more are removed; those beyond the remaining ranges stay until the
   * lists are read again.
   *
   * @returns whether it was followed
   */
  remove(publicKey: Uint8Array, { name, range }: FollowScope = {}): boolean {
    return this.#sqlite.transaction(() => {
      const removed = this.#sqlite.change(
        `DELETE FROM follow_scopes
          WHERE public_key = ?1 AND name = ifnull(?2, name) AND range = ifnull(?3, range)`,
        ...[publicKey, name ?? null, range ?? null],
      );
      if (removed === 0) return false;
      const names = this.#scopes(publicKey).map((one) => one.name);
      if (names.length === 0) {
        this.#clear(publicKey);
        this.#sqlite.change("DELETE FROM package_descriptions WHERE public_key = ?", publicKey);
        this.#sqlite.change("DELETE FROM follows WHERE public_key = ?", publicKey);
        return true;
      }
      if (!names.includes(undefined)) {
        this.#sqlite.change(
          `DELETE FROM seen_packages WHERE public_key = ?1 AND name NOT IN
            (SELECT name FROM follow_scopes WHERE public_key = ?1)`,
          publicKey,
        );
      }
      this.#readAgain(publicKey);
      return true;
    });
  }

  /** Lists all followed publishers, the longest followed first. */
  list(): Follow[] {
    return this.#sqlite.rows("SELECT * FROM follows ORDER BY since_ms, public_key").map((row) => ({
      publicKey: row.public_key as Uint8Array,
      sinceMs: row.since_ms as number,
      scopes: this.#scopes(row.public_key as Uint8Array),
      lists: this.#lists(row.public_key as Uint8Array),
      ...(row.checked_ms !== null && { checkedMs: row.checked_ms as number }),
    }));
  }

  /**
   * Replaces the stored lists of a publisher's packages.
   *
   * @param lists the lists that are complete; others will be read again
   */
  settle(
    publicKey: Uint8Array,
    lists: readonly FollowedList[],
    checkedMs: number,
    manifests: readonly MinimalManifest[],
  ): void {
    this.#sqlite.transaction(() => {
      this.#clear(publicKey);
      for (const { key, seq } of lists) {
        this.#sqlite.change("INSERT INTO followed_lists VALUES (?, ?, ?)", publicKey, key, seq);
      }
      for (const manifest of manifests) {
        this.#sqlite.change(
          `INSERT OR REPLACE INTO seen_packages (public_key, name, version, manifest)
            VALUES (?, ?, ?, ?)`,
          publicKey,
          manifest.name,
          manifest.version,
          serializeMinimal(manifest),
        );
      }
      this.#sqlite.change(
        "UPDATE follows SET checked_ms = ? WHERE public_key = ?",
        checkedMs,
        publicKey,
      );
    });
  }

  /** Stores the time of a check that found a publisher's announce record unchanged. */
  touch(publicKey: Uint8Array, checkedMs: number): void {
    this.#sqlite.change(
      "UPDATE follows SET checked_ms = ? WHERE public_key = ?",
      checkedMs,
      publicKey,
    );
  }

  /**
   * Finds stored packages of followed publishers whose names begin with `prefix`. An empty prefix
   * finds all packages.
   */
  search(prefix: string, limit: number): MinimalManifest[] {
    return this.#sqlite.rows(
      `SELECT manifest FROM seen_packages WHERE substr(name, 1, ?1) = ?2
        ORDER BY name, version, public_key LIMIT ?3`,
      prefix.length,
      prefix,
      limit,
    ).map((row) => parseMinimal(row.manifest as string));
  }

  #lists(publicKey: Uint8Array): FollowedList[] {
    return this.#sqlite.rows(
      "SELECT signing_key, seq FROM followed_lists WHERE public_key = ? ORDER BY signing_key",
      publicKey,
    ).map((row) => ({ key: row.signing_key as Uint8Array, seq: row.seq as number }));
  }

  #scopes(publicKey: Uint8Array): Follow["scopes"] {
    return this.#sqlite.rows(
      "SELECT * FROM follow_scopes WHERE public_key = ? ORDER BY name, range",
      publicKey,
    ).map(({ name, range, since_ms }) => ({
      ...(name !== "" && { name: name as string }),
      ...(range !== "" && { range: range as string }),
      sinceMs: since_ms as number,
    }));
  }

  /** Has the lists of a publisher read again at the next check. Their packages stay until then. */
  #readAgain(publicKey: Uint8Array): void {
    this.#sqlite.change("DELETE FROM followed_lists WHERE public_key = ?", publicKey);
    this.#sqlite.change("UPDATE follows SET checked_ms = NULL WHERE public_key = ?", publicKey);
  }

  #clear(publicKey: Uint8Array): void {
    this.#sqlite.change("DELETE FROM seen_packages WHERE public_key = ?", publicKey);
    this.#sqlite.change("DELETE FROM followed_lists WHERE public_key = ?", publicKey);
  }

  /**
   * Yields the stored packages of one followed publisher, in batches, by name. The infohash is that of the
   * archive, 40 hexadecimal digits; the manifest is not parsed, which takes longer than all the rest.
   *
   * @param limit maximum number of packages in a batch
   */
  *listed(publicKey: Uint8Array, limit: number): Generator<ListedPackage[]> {
    for (let [name, version] = ["", ""];;) {
      const rows = this.#sqlite.rows(
        `SELECT name, version, manifest ->> 'btih' AS btih FROM seen_packages
          WHERE public_key = ? AND (name, version) > (?, ?) ORDER BY name, version LIMIT ?`,
        ...[publicKey, name, version, limit],
      );
      if (rows.length === 0) return;
      const listed = rows.map((row) => ({
        name: row.name as string,
        version: row.version as string,
        infoHashHex: row.btih as string,
      }));
      yield listed;
      ({ name, version } = listed.at(-1)!);
    }
  }

  /** Counts the stored packages of each followed publisher. */
  totals(): { publicKey: Uint8Array; packages: number }[] {
    // The index has all that is counted, so that no manifest is read.
    return this.#sqlite.rows(
      `SELECT public_key, count(*) AS packages FROM seen_packages INDEXED BY seen_packages_by_name
        GROUP BY public_key`,
    ).map((row) => ({
      publicKey: row.public_key as Uint8Array,
      packages: Number(row.packages),
    }));
  }

  /** Returns the minimal manifest of a stored package; `undefined` if it is not stored. */
  manifest(
    publicKey: Uint8Array,
    { name, version }: Pick<ListedPackage, "name" | "version">,
  ): MinimalManifest | undefined {
    const row = this.#sqlite.row(
      "SELECT manifest FROM seen_packages WHERE public_key = ? AND name = ? AND version = ?",
      ...[publicKey, name, version],
    );
    return row && parseMinimal(row.manifest as string);
  }

  /** Lists the stored versions of one package of a followed publisher. */
  versionsOf(publicKey: Uint8Array, name: string): { version: string; lengthBytes: number }[] {
    return this.#sqlite.rows(
      `SELECT version, manifest ->> 'length' AS length FROM seen_packages
        WHERE public_key = ? AND name = ?`,
      publicKey,
      name,
    ).map(({ version, length }) => ({
      version: version as string,
      lengthBytes: Number(length),
    }));
  }

  /** Lists the stored packages of one followed publisher. */
  ofPublisher(publicKey: Uint8Array): MinimalManifest[] {
    return this.#sqlite.rows(
      "SELECT manifest FROM seen_packages WHERE public_key = ? ORDER BY name, version",
      publicKey,
    ).map((row) => parseMinimal(row.manifest as string));
  }
}
