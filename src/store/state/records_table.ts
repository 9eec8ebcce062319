/**
 * Table of records that this machine keeps announcing in the DHT, each as a signed item (BEP 44). A
 * signed item can be announced again without the private key. The column `item` contains the bytes
 * of `encodeItem`.
 *
 * @module
 */

import { equalBytes } from "../../base/mod.ts";
import { decodeItem, encodeItem, encodeSeq, type MutableItem } from "../../records/mod.ts";
import { StoreError } from "../files/mod.ts";
import type { Row, Sqlite } from "./sqlite.ts";

/** A record as stored in the table: a signed DHT item, and a description of its contents. */
export interface StoredRecord {
  /** The item's target in the DHT, 20 bytes. The caller computes it from public key and salt. */
  target: Uint8Array;
  /** Kind of record: `manifest`, `announce`, `name-index`, `name-entry` or `other`. */
  kind: string;
  /** Name of the package that the record describes; absent if the record describes no package. */
  name?: string;
  version?: string;
  /** The signed DHT item. The table does not verify the signature. */
  item: MutableItem;
  /**
   * Whether the user's own key signed the record. Otherwise this machine keeps another publisher's
   * record alive.
   */
  own: boolean;
  /** Time when the record with this sequence number was first stored, Unix milliseconds. */
  createdMs: number;
}

/**
 * The result of {@linkcode RecordsTable.put}:
 *
 * - `stored`: the record is new, or has a higher sequence number than the stored one
 * - `same`: the record was stored already; only its flag `own` may have been set
 * - `older`: the stored record has a higher sequence number and is kept
 * - `conflict`: the stored record has the same sequence number but other contents, and is kept
 */
export type PutResult = "stored" | "same" | "older" | "conflict";

/** Filter for {@linkcode RecordsTable.list}. Records must match all given properties. */
export interface RecordFilter {
  kind?: string;
  name?: string;
  version?: string;
  own?: boolean;
}

/** A record with the time of its next announcement; see {@linkcode RecordsTable.schedule}. */
export interface ScheduledRecord {
  /**
   * The signed item, encoded with `encodeItem`: one byte array needs less memory than an object.
   */
  item: Uint8Array;
  /** Time of the next announcement, Unix milliseconds; 0 if the record was never announced. */
  dueMs: number;
  /** Number of failed announcements of the record since the last successful one. */
  failures: number;
}

/**
 * A name index, or an entry of a name index, with its announcement times; see {@linkcode
 * RecordsTable.names}.
 */
export interface KeptNameRow {
  kind: string;
  name: string;
  version: string;
  publicKey: Uint8Array;
  createdMs: number;
  /** Sequence number of an index that this home was the last to write; absent for others. */
  writtenSeq?: number;
  nextDueMs?: number;
  lastAttemptMs?: number;
}

/** The table of DHT records, one row per target. */
export class RecordsTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /**
   * Stores a record, unless the table has a record of the same target with an equal or higher
   * sequence number.
   */
  put(record: StoredRecord): PutResult {
    return this.#sqlite.transaction(() => {
      const before = this.get(record.target);
      const { item } = record;
      if (before && before.item.seq > item.seq) return "older";
      if (before && before.item.seq === item.seq) {
        const same = equalBytes(before.item.value, item.value) &&
          equalBytes(before.item.signature, item.signature);
        if (!same) return "conflict";
        if (record.own && !before.own) {
          this.#sqlite.change("UPDATE records SET own = 1 WHERE target = ?", record.target);
        }
        return "same";
      }
      this.#sqlite.change(
        `INSERT OR REPLACE INTO records (target, kind, name, version, item, own, created_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?)`,
        record.target,
        record.kind,
        record.name ?? null,
        record.version ?? null,
        this.#bytesOf(item),
        record.own ? 1 : 0,
        record.createdMs,
      );
      return "stored";
    });
  }

  #bytesOf(item: MutableItem): Uint8Array {
    try {
      return encodeItem(item);
    } catch (cause) {
      const message = `${this.#sqlite.path}: a record has the sequence number ${item.seq}`;
      throw new StoreError("failed", "STATE_FAILED", message, { cause });
    }
  }

  /** Returns the stored record for a DHT target; `undefined` if there is none. */
  get(target: Uint8Array): StoredRecord | undefined {
    const row = this.#sqlite.row("SELECT * FROM records WHERE target = ?", target);
    return row && recordOf(row);
  }

  /** Lists records, sorted by kind, name, version and target. */
  list(filter: RecordFilter = {}): StoredRecord[] {
    const { kind, name, version, own } = filter;
    const wanted = { kind, name, version, own: own === undefined ? undefined : Number(own) };
    const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
    // The SQL condition names only the filter's columns: with a condition on every column, SQLite
    // would not use the index.
    const where = given.length === 0
      ? ""
      : `WHERE ${given.map(([column]) => `${column} = ?`).join(" AND ")}`;
    return this.#sqlite.rows(
      `SELECT * FROM records ${where} ORDER BY kind, name, version, target`,
      ...given.map(([, value]) => value!),
    ).map(recordOf);
  }

  /** Counts the manifest records that this home's own key has signed: its published versions. */
  countPublished(): number {
    const row = this.#sqlite.row(
      "SELECT count(*) AS versions FROM records WHERE kind = 'manifest' AND own = 1",
    );
    return Number(row!.versions);
  }

  /**
   * Yields the records to announce, in batches. Name indexes and their entries are excluded,
   * because a name index is assembled just before its announcement. Records come in the order of
   * their rows in the file: in any other order, SQLite would read pages repeatedly, because its
   * cache cannot hold all pages.
   *
   * @param limit maximum number of records in a batch
   */
  *schedule(limit: number): Generator<ScheduledRecord[]> {
    for (let after = 0;;) {
      const rows = this.#sqlite.rows(
        `SELECT records.rowid AS row, item, next_due_ms, failures
          FROM records LEFT JOIN outcomes USING (target)
          WHERE records.rowid > ? AND kind NOT IN ('name-index', 'name-entry')
          ORDER BY records.rowid LIMIT ?`,
        after,
        limit,
      );
      if (rows.length === 0) return;
      after = rows.at(-1)!.row as number;
      yield rows.map((row) => ({
        item: row.item as Uint8Array,
        dueMs: row.next_due_ms as number | null ?? 0,
        failures: row.failures as number | null ?? 0,
      }));
    }
  }

  /**
   * Yields all name indexes and their entries, with announcement times, in the order of their rows
   * in the file.
   */
  *names(): Generator<KeptNameRow> {
    const rows = this.#sqlite.each(
      `SELECT kind, name, version, substr(item, 1, 32) AS public_key, created_ms, own,
          substr(item, 97, 8) AS seq, next_due_ms, last_attempt_ms
        FROM records NOT INDEXED LEFT JOIN outcomes USING (target)
        WHERE kind IN ('name-index', 'name-entry')`,
    );
    for (const row of rows) {
      yield {
        kind: row.kind as string,
        name: row.name as string,
        version: row.version as string,
        publicKey: row.public_key as Uint8Array,
        createdMs: row.created_ms as number,
        ...(row.kind === "name-index" && row.own === 1 && {
          writtenSeq: seqOf(row.seq as Uint8Array),
        }),
        ...(row.next_due_ms !== null && { nextDueMs: row.next_due_ms as number }),
        ...(row.last_attempt_ms !== null && { lastAttemptMs: row.last_attempt_ms as number }),
      };
    }
  }

  /**
   * Lists the entries of name indexes that were signed after a given time, sorted by name.
   *
   * @param timeMs Unix milliseconds; compared with an entry's sequence number, which is its time of
   * signing
   */
  entriesAfter(timeMs: number): StoredRecord[] {
    return this.#sqlite.rows(
      "SELECT * FROM records WHERE kind = 'name-entry' AND substr(item, 97, 8) > ? ORDER BY name, target",
      encodeSeq(timeMs),
    ).map(recordOf);
  }

  /** Returns the number of records in the table. */
  count(): number {
    return Number(this.#sqlite.row("SELECT count(*) AS n FROM records")!.n);
  }

  /**
   * Deletes a record but not the outcome of its announcements. Returns whether there was a record.
   */
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
    item: decodeItem(row.item as Uint8Array),
    own: row.own === 1,
    createdMs: row.created_ms as number,
  };
}

/** Reads a sequence number in the form of `encodeSeq`: 8 bytes, big-endian. */
function seqOf(bytes: Uint8Array): number {
  const { buffer, byteOffset, byteLength } = bytes;
  return Number(new DataView(buffer, byteOffset, byteLength).getBigUint64(0));
}
