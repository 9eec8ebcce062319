/**
 * Tables of followed publishers, and of the packages in their published lists.
 *
 * @module
 */

import { type MinimalManifest, parseMinimal, serializeMinimal } from "../../package/mod.ts";
import type { Sqlite } from "./sqlite.ts";

/** A publisher that the user follows, with the state of its stored package list. */
export interface Follow {
  /** Ed25519 public key of the publisher, 32 bytes. */
  publicKey: Uint8Array;
  /** Time when the user began to follow the publisher, Unix milliseconds. */
  sinceMs: number;
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

/** Access to the tables of followed publishers and of their packages. */
export class FollowsTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Adds a followed publisher. Does nothing if the publisher is followed already. */
  add(publicKey: Uint8Array, sinceMs: number): void {
    this.#sqlite.change(
      "INSERT OR IGNORE INTO follows (public_key, since_ms) VALUES (?, ?)",
      publicKey,
      sinceMs,
    );
  }

  /**
   * Removes a followed publisher and its stored packages. Returns whether the publisher was
   * followed.
   */
  remove(publicKey: Uint8Array): boolean {
    return this.#sqlite.transaction(() => {
      this.#clear(publicKey);
      return this.#sqlite.change("DELETE FROM follows WHERE public_key = ?", publicKey) > 0;
    });
  }

  /** Lists all followed publishers, the longest followed first. */
  list(): Follow[] {
    return this.#sqlite.rows("SELECT * FROM follows ORDER BY since_ms, public_key").map((row) => ({
      publicKey: row.public_key as Uint8Array,
      sinceMs: row.since_ms as number,
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

  #clear(publicKey: Uint8Array): void {
    this.#sqlite.change("DELETE FROM seen_packages WHERE public_key = ?", publicKey);
    this.#sqlite.change("DELETE FROM followed_lists WHERE public_key = ?", publicKey);
  }

  /** Lists the stored packages of one followed publisher. */
  ofPublisher(publicKey: Uint8Array): MinimalManifest[] {
    return this.#sqlite.rows(
      "SELECT manifest FROM seen_packages WHERE public_key = ? ORDER BY name, version",
      publicKey,
    ).map((row) => parseMinimal(row.manifest as string));
  }
}
