/**
 * The tables of followed publishers and of the packages in their lists.
 *
 * @module
 */

import { type MinimalManifest, parseMinimal, serializeMinimal } from "../../package/mod.ts";
import type { Sqlite } from "./sqlite.ts";

/** A followed publisher. */
export interface Follow {
  /** Ed25519 public key, 32 bytes. */
  publicKey: Uint8Array;
  /** Time when following began, Unix milliseconds. */
  sinceMs: number;
  /** `seq` of the announce record whose list is stored. */
  seq?: number;
  /** Time when the announce record was last read, Unix milliseconds. */
  checkedMs?: number;
}

/** The tables of follows and of seen packages. */
export class FollowsTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Follows a publisher. Does nothing if the publisher is followed already. */
  add(publicKey: Uint8Array, sinceMs: number): void {
    this.#sqlite.change(
      "INSERT OR IGNORE INTO follows (public_key, since_ms) VALUES (?, ?)",
      publicKey,
      sinceMs,
    );
  }

  /** Stops following a publisher and forgets its packages; returns whether it was followed. */
  remove(publicKey: Uint8Array): boolean {
    return this.#sqlite.transaction(() => {
      this.#sqlite.change("DELETE FROM seen_packages WHERE public_key = ?", publicKey);
      return this.#sqlite.change("DELETE FROM follows WHERE public_key = ?", publicKey) > 0;
    });
  }

  /** All followed publishers, the longest followed first. */
  list(): Follow[] {
    return this.#sqlite.rows("SELECT * FROM follows ORDER BY since_ms, public_key").map((row) => ({
      publicKey: row.public_key as Uint8Array,
      sinceMs: row.since_ms as number,
      ...(row.seq !== null && { seq: row.seq as number }),
      ...(row.checked_ms !== null && { checkedMs: row.checked_ms as number }),
    }));
  }

  /**
   * Replaces the stored list of a publisher's packages.
   *
   * @param seq of the announce record; `undefined` if the list is incomplete and must be read again
   */
  settle(
    publicKey: Uint8Array,
    seq: number | undefined,
    checkedMs: number,
    manifests: readonly MinimalManifest[],
  ): void {
    this.#sqlite.transaction(() => {
      this.#sqlite.change("DELETE FROM seen_packages WHERE public_key = ?", publicKey);
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
        "UPDATE follows SET seq = ?, checked_ms = ? WHERE public_key = ?",
        seq ?? null,
        checkedMs,
        publicKey,
      );
    });
  }

  /** Stores the time of a check that found the announce record unchanged. */
  touch(publicKey: Uint8Array, checkedMs: number): void {
    this.#sqlite.change(
      "UPDATE follows SET checked_ms = ? WHERE public_key = ?",
      checkedMs,
      publicKey,
    );
  }

  /** Seen packages whose names begin with `prefix`; all packages for an empty prefix. */
  search(prefix: string, limit: number): MinimalManifest[] {
    return this.#sqlite.rows(
      `SELECT manifest FROM seen_packages WHERE substr(name, 1, ?1) = ?2
        ORDER BY name, version, public_key LIMIT ?3`,
      prefix.length,
      prefix,
      limit,
    ).map((row) => parseMinimal(row.manifest as string));
  }

  /** The seen packages of one publisher. */
  ofPublisher(publicKey: Uint8Array): MinimalManifest[] {
    return this.#sqlite.rows(
      "SELECT manifest FROM seen_packages WHERE public_key = ? ORDER BY name, version",
      publicKey,
    ).map((row) => parseMinimal(row.manifest as string));
  }
}
