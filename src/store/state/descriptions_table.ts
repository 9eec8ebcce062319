/**
 * Table of the descriptions of followed packages, one row for each package. The row names the version
 * whose description is wanted, and when its archive is to be looked at.
 *
 * @module
 */

import type { Sqlite } from "./sqlite.ts";

/** A version of a followed package. */
export interface DescribedVersion {
  /** Ed25519 public key of the followed publisher, 32 bytes. */
  publicKey: Uint8Array;
  name: string;
  version: string;
}

/** Access to the descriptions of followed packages. */
export class DescriptionsTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Returns the description of a package; `undefined` if none is known. */
  of(publicKey: Uint8Array, name: string): string | undefined {
    const row = this.#sqlite.row(
      "SELECT description FROM package_descriptions WHERE public_key = ? AND name = ?",
      publicKey,
      name,
    );
    return row?.description as string | null ?? undefined;
  }

  /** Whether a followed package of a publisher has no row. */
  lacks(publicKey: Uint8Array): boolean {
    return this.#sqlite.row(
      `SELECT 1 FROM seen_packages WHERE public_key = ?1 AND name NOT IN
        (SELECT name FROM package_descriptions WHERE public_key = ?1) LIMIT 1`,
      publicKey,
    ) !== undefined;
  }

  /**
   * Replaces the rows of a publisher. The description of a package that has a row stays until that of
   * the new version is known.
   *
   * @param versions the wanted version of each package, by name
   */
  want(publicKey: Uint8Array, versions: ReadonlyMap<string, string>): void {
    this.#sqlite.transaction(() => {
      const known = this.#sqlite.rows(
        "SELECT name FROM package_descriptions WHERE public_key = ?",
        publicKey,
      );
      for (const { name } of known) {
        if (!versions.has(name as string)) {
          this.#sqlite.change(
            "DELETE FROM package_descriptions WHERE public_key = ? AND name = ?",
            publicKey,
            name as string,
          );
        }
      }
      for (const [name, version] of versions) {
        this.#sqlite.change(
          `INSERT INTO package_descriptions (public_key, name, version, due_ms) VALUES (?, ?, ?, 0)
            ON CONFLICT DO UPDATE SET version = excluded.version, due_ms = 0
            WHERE version <> excluded.version`,
          ...[publicKey, name, version],
        );
      }
    });
  }

  /** Returns the version that is due first; `undefined` if none is due at `nowMs` (Unix ms). */
  due(nowMs: number): DescribedVersion | undefined {
    const row = this.#sqlite.row(
      `SELECT public_key, name, version FROM package_descriptions
        WHERE due_ms <= ? ORDER BY due_ms LIMIT 1`,
      nowMs,
    );
    return row && {
      publicKey: row.public_key as Uint8Array,
      name: row.name as string,
      version: row.version as string,
    };
  }

  /** Stores the description of a version, unless another version is wanted by now. */
  settle({ publicKey, name, version }: DescribedVersion, description: string | undefined): void {
    this.#sqlite.change(
      `UPDATE package_descriptions SET description = ?, due_ms = NULL
        WHERE public_key = ? AND name = ? AND version = ?`,
      ...[description ?? null, publicKey, name, version],
    );
  }

  /** Has a version looked at again at `dueMs` (Unix ms), unless another version is wanted by now. */
  postpone({ publicKey, name, version }: DescribedVersion, dueMs: number): void {
    this.#sqlite.change(
      `UPDATE package_descriptions SET due_ms = ?
        WHERE public_key = ? AND name = ? AND version = ?`,
      ...[dueMs, publicKey, name, version],
    );
  }
}
