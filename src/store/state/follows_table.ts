/**
 * Publishers that are followed, and the packages of theirs that were seen.
 *
 * @module
 */

import { type MinimalManifest, parseMinimal, serializeMinimal } from "../../package/mod.ts";
import type { Sqlite } from "./sqlite.ts";

/** A publisher that is followed. */
export interface Follow {
  /** Ed25519 public key, 32 bytes. */
  publicKey: Uint8Array;
  /** Since when, Unix milliseconds. */
  sinceMs: number;
  /** `seq` of the announce record that was taken in last. */
  seq?: number;
  /** When the announce record was read last, Unix milliseconds. */
  checkedMs?: number;
}

/** The table of follows, one for each publisher, and that of the packages seen. */
export class FollowsTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Follows a publisher; one that is followed already is left as it is. */
  add(publicKey: Uint8Array, sinceMs: number): void {
    this.#sqlite.change(
      "INSERT OR IGNORE INTO follows (public_key, since_ms) VALUES (?, ?)",
      publicKey,
      sinceMs,
    );
  }

  /** Follows it no more, and forgets its packages; returns whether it was followed. */
  remove(publicKey: Uint8Array): boolean {
    return this.#sqlite.transaction(() => {
      this.#sqlite.change("DELETE FROM seen_packages WHERE public_key = ?", publicKey);
      return this.#sqlite.change("DELETE FROM follows WHERE public_key = ?", publicKey) > 0;
    });
  }

  /** Those that are followed, the longest first. */
  list(): Follow[] {
    return this.#sqlite.rows("SELECT * FROM follows ORDER BY since_ms, public_key").map((row) => ({
      publicKey: row.public_key as Uint8Array,
      sinceMs: row.since_ms as number,
      ...(row.seq !== null && { seq: row.seq as number }),
      ...(row.checked_ms !== null && { checkedMs: row.checked_ms as number }),
    }));
  }

  /**
   * Takes in what a publisher offers, in place of what it offered before.
   *
   * @param seq `undefined` if it is to be taken in again the next time
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

  /** Notes that the announce record was read and is the same as before. */
  touch(publicKey: Uint8Array, checkedMs: number): void {
    this.#sqlite.change(
      "UPDATE follows SET checked_ms = ? WHERE public_key = ?",
      checkedMs,
      publicKey,
    );
  }

  /** Packages seen whose names begin with `prefix`; all of them for an empty one. */
  search(prefix: string, limit: number): MinimalManifest[] {
    return this.#sqlite.rows(
      `SELECT manifest FROM seen_packages WHERE substr(name, 1, ?1) = ?2
        ORDER BY name, version, public_key LIMIT ?3`,
      prefix.length,
      prefix,
      limit,
    ).map((row) => parseMinimal(row.manifest as string));
  }

  /** The packages seen of one publisher. */
  ofPublisher(publicKey: Uint8Array): MinimalManifest[] {
    return this.#sqlite.rows(
      "SELECT manifest FROM seen_packages WHERE public_key = ? ORDER BY name, version",
      publicKey,
    ).map((row) => parseMinimal(row.manifest as string));
  }
}
