/**
 * The records that are kept alive in the DHT, as signed items: with one of them anybody can put the
 * record again, without the key that signed it. The column `item` holds the bytes of `encodeItem`.
 *
 * @module
 */

import { equalBytes } from "../../base/mod.ts";
import { decodeItem, encodeItem, encodeSeq, type MutableItem } from "../../records/mod.ts";
import { StoreError } from "../files/mod.ts";
import type { Row, Sqlite } from "./sqlite.ts";

/** A signed item, and what is known about it. */
export interface StoredRecord {
  /** Where it lies in the DHT, 20 bytes; the caller has computed it from key and salt. */
  target: Uint8Array;
  /** Kind of record: `manifest`, `announce`, `name-index` or `other`. */
  kind: string;
  /** The package that it speaks of, if it speaks of one. */
  name?: string;
  version?: string;
  /** Its signature is not checked here. */
  item: MutableItem;
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

/** A record as it is announced; see {@linkcode RecordsTable.schedule}. */
export interface ScheduledRecord {
  /** The serialised item, see `encodeItem`: one byte array a record, for there are tens of thousands. */
  item: Uint8Array;
  /** When it is due, Unix milliseconds; 0 if it was never announced. */
  dueMs: number;
  /** Failures in a row. */
  failures: number;
}

/** What tells when the index of a name is due; see {@linkcode RecordsTable.names}. */
export interface KeptNameRow {
  kind: string;
  name: string;
  version: string;
  publicKey: Uint8Array;
  createdMs: number;
  nextDueMs?: number;
  lastAttemptMs?: number;
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

  /** The record of a target. */
  get(target: Uint8Array): StoredRecord | undefined {
    const row = this.#sqlite.row("SELECT * FROM records WHERE target = ?", target);
    return row && recordOf(row);
  }

  /** Records, ordered by kind, name, version and target. */
  list(filter: RecordFilter = {}): StoredRecord[] {
    const { kind, name, version, own } = filter;
    const wanted = { kind, name, version, own: own === undefined ? undefined : Number(own) };
    const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
    // Only with what is given in it does the statement find its index.
    const where = given.length === 0
      ? ""
      : `WHERE ${given.map(([column]) => `${column} = ?`).join(" AND ")}`;
    return this.#sqlite.rows(
      `SELECT * FROM records ${where} ORDER BY kind, name, version, target`,
      ...given.map(([, value]) => value!),
    ).map(recordOf);
  }

  /**
   * The records that are announced as they are, with when they are due (Unix milliseconds; 0 if they
   * never were announced) and their failures in a row, some at a time. In the order in which they lie
   * in the file: in any other, what does not fit into SQLite's cache is read again and again.
   *
   * @param limit how many at once
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
   * All entries of name indexes and indexes, with when each was announced and is due, as they lie in
   * the file.
   */
  *names(): Generator<KeptNameRow> {
    const rows = this.#sqlite.each(
      `SELECT kind, name, version, substr(item, 1, 32) AS public_key, created_ms, next_due_ms, last_attempt_ms
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
        ...(row.next_due_ms !== null && { nextDueMs: row.next_due_ms as number }),
        ...(row.last_attempt_ms !== null && { lastAttemptMs: row.last_attempt_ms as number }),
      };
    }
  }

  /**
   * Entries of name indexes that were signed after a time, by name.
   *
   * @param timeMs Unix milliseconds: the `seq` of an entry is its time
   */
  entriesAfter(timeMs: number): StoredRecord[] {
    return this.#sqlite.rows(
      "SELECT * FROM records WHERE kind = 'name-entry' AND substr(item, 97, 8) > ? ORDER BY name, target",
      encodeSeq(timeMs),
    ).map(recordOf);
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
    item: decodeItem(row.item as Uint8Array),
    own: row.own === 1,
    createdMs: row.created_ms as number,
  };
}
