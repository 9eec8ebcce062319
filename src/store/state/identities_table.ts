/**
 * Tables of what this home knows of publishers' identities: the newest publisher record of each root
 * key, certificates, revoked keys, and archives that stay good. `src/trust` decides what is stored
 * and what follows from it.
 *
 * @module
 */

import { type MinimalManifest, parseMinimal, serializeMinimal } from "../../package/mod.ts";
import { decodeItem, encodeItem, type MutableItem } from "../../records/mod.ts";
import type { Row, Sqlite } from "./sqlite.ts";

/** An identity as this home knows it, without its keys. */
export interface StoredIdentity {
  /** Public key of the root, 32 bytes. */
  root: Uint8Array;
  /** The newest publisher record that this home has seen; absent if it has seen none. */
  item?: MutableItem;
  /** Time at which this home first knew the identity, Unix milliseconds. */
  sinceMs: number;
  /** Time at which the DHT last showed the newest publisher record, Unix milliseconds. */
  seenMs?: number;
  /** Infohash of the list whose hashes the table of good archives has, 20 bytes. */
  goodList?: Uint8Array;
}

/** A key that its root has revoked. */
export interface StoredRevocation {
  /** Public key of the root, 32 bytes. */
  root: Uint8Array;
  /** The revoked key, 32 bytes. */
  key: Uint8Array;
  /** Time since which the key is in wrong hands, Unix milliseconds, as the publisher says. */
  sinceMs: number;
  /** Reason, untrusted text. */
  reason?: string;
  /** The publisher record that revoked the key. */
  item: MutableItem;
}

/** Access to the tables of identities. Roots and keys are Ed25519 public keys of 32 bytes. */
export class IdentitiesTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Adds an identity, unless it is there already. */
  add(root: Uint8Array, sinceMs: number): void {
    this.#sqlite.change(
      "INSERT OR IGNORE INTO identities (root, since_ms) VALUES (?, ?)",
      root,
      sinceMs,
    );
  }

  /** Stores the newest publisher record of an identity that is in the table. */
  setItem(item: MutableItem): void {
    this.#sqlite.change(
      "UPDATE identities SET item = ? WHERE root = ?",
      encodeItem(item),
      item.publicKey,
    );
  }

  /** Stores when the DHT showed the newest publisher record; an earlier time changes nothing. */
  setSeen(root: Uint8Array, seenMs: number): void {
    this.#sqlite.change(
      "UPDATE identities SET seen_ms = max(coalesce(seen_ms, 0), ?) WHERE root = ?",
      seenMs,
      root,
    );
  }

  get(root: Uint8Array): StoredIdentity | undefined {
    const row = this.#sqlite.row("SELECT * FROM identities WHERE root = ?", root);
    return row && identityOf(row);
  }

  /** Lists all identities, the longest known first. */
  list(): StoredIdentity[] {
    return this.#sqlite.rows("SELECT * FROM identities ORDER BY since_ms, root").map(identityOf);
  }

  /**
   * Stores a minimal manifest as the proof that a key signs for an identity, in place of an earlier one.
   */
  setProof(root: Uint8Array, key: Uint8Array, manifest: MinimalManifest): void {
    this.#sqlite.change(
      "INSERT OR REPLACE INTO certificates (root, key, manifest) VALUES (?, ?, ?)",
      root,
      key,
      serializeMinimal(manifest),
    );
  }

  /** Lists the manifests by which keys have proven that they sign for an identity. */
  proofs(root: Uint8Array): MinimalManifest[] {
    return this.#sqlite.rows("SELECT manifest FROM certificates WHERE root = ? ORDER BY key", root)
      .map((row) => parseMinimal(row.manifest as string));
  }

  /**
   * Lists the manifests by which a key has proven that it signs for identities, those of the identity that
   * has been known for longest first.
   */
  proofsOfKey(key: Uint8Array): MinimalManifest[] {
    return this.#sqlite.rows(
      `SELECT manifest FROM certificates JOIN identities USING (root)
        WHERE key = ? ORDER BY since_ms, root`,
      key,
    ).map((row) => parseMinimal(row.manifest as string));
  }

  /** Stores a revocation, in place of an earlier one of the same key by the same root. */
  revoke({ root, key, sinceMs, reason, item }: StoredRevocation): void {
    this.#sqlite.change(
      `INSERT OR REPLACE INTO revoked_keys (root, key, since_ms, reason, item)
        VALUES (?, ?, ?, ?, ?)`,
      root,
      key,
      sinceMs,
      reason ?? null,
      encodeItem(item),
    );
  }

  revocation(root: Uint8Array, key: Uint8Array): StoredRevocation | undefined {
    const row = this.#sqlite.row(
      "SELECT * FROM revoked_keys WHERE root = ? AND key = ?",
      root,
      key,
    );
    return row && revocationOf(row);
  }

  /** Lists the revoked keys of an identity, or of all identities, those revoked first come first. */
  revocations(root?: Uint8Array): StoredRevocation[] {
    return this.#sqlite.rows(
      "SELECT * FROM revoked_keys WHERE ?1 IS NULL OR root = ?1 ORDER BY root, since_ms, key",
      root ?? null,
    ).map(revocationOf);
  }

  /** Replaces the fetched list of an identity's good archives. */
  setGood(root: Uint8Array, goodList: Uint8Array, hashes: readonly Uint8Array[]): void {
    this.#sqlite.transaction(() => {
      this.#sqlite.change("DELETE FROM good_archives WHERE root = ?", root);
      for (const hash of hashes) {
        this.#sqlite.change("INSERT OR IGNORE INTO good_archives VALUES (?, ?)", root, hash);
      }
      this.#sqlite.change("UPDATE identities SET good_list = ? WHERE root = ?", goodList, root);
    });
  }

  /** Whether the fetched list of an identity's good archives has a hash, 16 bytes. */
  hasGood(root: Uint8Array, hash: Uint8Array): boolean {
    return this.#sqlite.row(
      "SELECT 1 FROM good_archives WHERE root = ? AND hash = ?",
      root,
      hash,
    ) !== undefined;
  }

  /** Length of the part of `trust.log` that this database contains, bytes. */
  get logBytes(): number {
    return (this.#sqlite.row("SELECT read_bytes FROM trust_log")?.read_bytes ?? 0) as number;
  }

  set logBytes(bytes: number) {
    this.#sqlite.change("INSERT OR REPLACE INTO trust_log (id, read_bytes) VALUES (0, ?)", bytes);
  }
}

function identityOf(row: Row): StoredIdentity {
  return {
    root: row.root as Uint8Array,
    ...(row.item !== null && { item: decodeItem(row.item as Uint8Array) }),
    sinceMs: row.since_ms as number,
    ...(row.seen_ms !== null && { seenMs: row.seen_ms as number }),
    ...(row.good_list !== null && { goodList: row.good_list as Uint8Array }),
  };
}

function revocationOf(row: Row): StoredRevocation {
  return {
    root: row.root as Uint8Array,
    key: row.key as Uint8Array,
    sinceMs: row.since_ms as number,
    ...(row.reason !== null && { reason: row.reason as string }),
    item: decodeItem(row.item as Uint8Array),
  };
}
