/**
 * The records that are kept alive in the DHT, with their signed bytes: whoever holds those can put a
 * record again, without the key that signed it.
 *
 * @module
 */

import { equalBytes } from "../base/mod.ts";
import type { Row, Sqlite } from "./sqlite.ts";

/** A record: a BEP 44 mutable item, and what is known about it. */
export interface StoredRecord {
  /** Where it lies in the DHT, 20 bytes; the caller has computed it from key and salt. */
  target: Uint8Array;
  /** Which of the four records it is: `manifest`, `announce`, `name-index`, `seeder`. */
  kind: string;
  /** The package that it speaks of, if it speaks of one. */
  name?: string;
  version?: string;
  /** Ed25519 public key, 32 bytes. */
  publicKey: Uint8Array;
  /** 0 to 64 bytes. */
  salt: Uint8Array;
  seq: number;
  /** The bencoded value, at most 1,000 bytes. */
  value: Uint8Array;
  /** 64 bytes. Not verified here. */
  signature: Uint8Array;
  /** Whether it was signed here; a foreign one was found, and is kept alive for others. */
  own: boolean;
  /** When this seq was stored here first, Unix milliseconds. */
  createdMs: number;
}

/**
 * What {@linkcode RecordsTable.put} did:
 *
 * - `stored`: there was none, or one with a lower seq
 * - `same`: it is there already; only `own` may have been set
 * - `older`: one with a higher seq is there and stays
 * - `conflict`: one with this seq and another value or signature is there and stays
 */
export type PutResult = "stored" | "same" | "older" | "conflict";

/** Which records {@linkcode RecordsTable.list} returns: those that agree with all that is given. */
export interface RecordFilter {
  kind?: string;
  name?: string;
  version?: string;
  own?: boolean;
}

/** The table of records, one for each target. */
export class RecordsTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Keeps a record, unless a newer one of the same target is there. */
  put(record: StoredRecord): PutResult {
    return this.#sqlite.transaction(() => {
      const before = this.get(record.target);
      if (before && before.seq > record.seq) return "older";
      if (before && before.seq === record.seq) {
        const same = equalBytes(before.value, record.value) &&
          equalBytes(before.signature, record.signature);
        if (!same) return "conflict";
        if (record.own && !before.own) {
          this.#sqlite.change("UPDATE records SET own = 1 WHERE target = ?", record.target);
        }
        return "same";
      }
      this.#sqlite.change(
        `INSERT OR REPLACE INTO records (target, kind, name, version, public_key, salt, seq, value,
          signature, own, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        record.target,
        record.kind,
        record.name ?? null,
        record.version ?? null,
        record.publicKey,
        record.salt,
        record.seq,
        record.value,
        record.signature,
        record.own ? 1 : 0,
        record.createdMs,
      );
      return "stored";
    });
  }

  /** The record of a target. */
  get(target: Uint8Array): StoredRecord | undefined {
    const row = this.#sqlite.row("SELECT * FROM records WHERE target = ?", target);
    return row && recordOf(row);
  }

  /** Records, ordered by kind, name, version and target. */
  list(filter: RecordFilter = {}): StoredRecord[] {
    const rows = this.#sqlite.rows(
      `SELECT * FROM records
        WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR name = ?2)
          AND (?3 IS NULL OR version = ?3) AND (?4 IS NULL OR own = ?4)
        ORDER BY kind, name, version, target`,
      filter.kind ?? null,
      filter.name ?? null,
      filter.version ?? null,
      filter.own === undefined ? null : Number(filter.own),
    );
    return rows.map(recordOf);
  }

  /** How many records there are. */
  count(): number {
    return Number(this.#sqlite.row("SELECT count(*) AS n FROM records")!.n);
  }

  /** No longer keeps a record; returns whether there was one. Its outcome stays. */
  delete(target: Uint8Array): boolean {
    return this.#sqlite.change("DELETE FROM records WHERE target = ?", target) > 0;
  }
}

function recordOf(row: Row): StoredRecord {
  return {
    target: row.target as Uint8Array,
    kind: row.kind as string,
    ...(row.name !== null && { name: row.name as string }),
    ...(row.version !== null && { version: row.version as string }),
    publicKey: row.public_key as Uint8Array,
    salt: row.salt as Uint8Array,
    seq: row.seq as number,
    value: row.value as Uint8Array,
    signature: row.signature as Uint8Array,
    own: row.own === 1,
    createdMs: row.created_ms as number,
  };
}
