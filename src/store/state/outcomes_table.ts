/**
 * Table of announcement outcomes: for each record and each torrent, the result of the last
 * announcement in the DHT, and the time when the next announcement is due.
 *
 * @module
 */

import type { Row, Sqlite } from "./sqlite.ts";

/** Outcome of the last announcement of one record or torrent. */
export interface StoredOutcome {
  /** DHT target of the record or infohash of the torrent, 20 bytes. */
  target: Uint8Array;
  /** Time of the last announcement, Unix milliseconds; absent before the first one. */
  lastAttemptMs?: number;
  /**
   * Time of the last successful announcement, Unix milliseconds; absent before the first success.
   */
  lastSuccessMs?: number;
  /** Number of DHT nodes known to hold the record after the last announcement. */
  holding: number;
  /** Number of DHT nodes that were queried during the last announcement. */
  asked: number;
  /** Number of DHT nodes that answered during the last announcement. */
  responded: number;
  /** Number of DHT nodes that stored the record during the last announcement. */
  stored: number;
  /** Reason why the last announcement failed; absent after a success. */
  error?: string;
  /** Number of failed announcements since the last successful one. */
  failures: number;
  /** Time when the next announcement is due, Unix milliseconds. */
  nextDueMs: number;
  /** TCP port that was announced for a torrent; absent for a record. */
  port?: number;
}

/** The table of announcement outcomes, one row per target. */
export class OutcomesTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Stores the outcome of an announcement, replacing the previous one of the same target. */
  set(outcome: StoredOutcome): void {
    this.#sqlite.change(
      `INSERT OR REPLACE INTO outcomes (target, last_attempt_ms, last_success_ms, holding, asked,
        responded, stored, error, failures, next_due_ms, port)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      outcome.target,
      outcome.lastAttemptMs ?? null,
      outcome.lastSuccessMs ?? null,
      outcome.holding,
      outcome.asked,
      outcome.responded,
      outcome.stored,
      outcome.error ?? null,
      outcome.failures,
      outcome.nextDueMs,
      outcome.port ?? null,
    );
  }

  /** Returns the outcome of the last announcement of a target. */
  get(target: Uint8Array): StoredOutcome | undefined {
    const row = this.#sqlite.row("SELECT * FROM outcomes WHERE target = ?", target);
    return row && outcomeOf(row);
  }

  /**
   * Returns the times when announcements are due (Unix milliseconds) of all torrents that were
   * announced with `port`. The keys of the map are targets in hexadecimal.
   */
  dueOfPort(port: number): Map<string, number> {
    const due = new Map<string, number>();
    for (
      const row of this.#sqlite.each(
        "SELECT lower(hex(target)) AS id, next_due_ms FROM outcomes WHERE port = ?",
        port,
      )
    ) due.set(row.id as string, row.next_due_ms as number);
    return due;
  }

  /** Lists all outcomes, sorted by the time when the next announcement is due. */
  list(): StoredOutcome[] {
    return this.#sqlite.rows("SELECT * FROM outcomes ORDER BY next_due_ms, target").map(outcomeOf);
  }

  /** Lists the outcomes whose next announcement is due at `nowMs`, the longest overdue first. */
  due(nowMs: number, limit: number): StoredOutcome[] {
    return this.#sqlite.rows(
      "SELECT * FROM outcomes WHERE next_due_ms <= ? ORDER BY next_due_ms, target LIMIT ?",
      nowMs,
      limit,
    ).map(outcomeOf);
  }

  /** Deletes the outcome of a target. Returns whether there was one. */
  delete(target: Uint8Array): boolean {
    return this.#sqlite.change("DELETE FROM outcomes WHERE target = ?", target) > 0;
  }
}

function outcomeOf(row: Row): StoredOutcome {
  return {
    target: row.target as Uint8Array,
    ...(row.last_attempt_ms !== null && { lastAttemptMs: row.last_attempt_ms as number }),
    ...(row.last_success_ms !== null && { lastSuccessMs: row.last_success_ms as number }),
    holding: row.holding as number,
    asked: row.asked as number,
    responded: row.responded as number,
    stored: row.stored as number,
    ...(row.error !== null && { error: row.error as string }),
    failures: row.failures as number,
    nextDueMs: row.next_due_ms as number,
    ...(row.port !== null && { port: row.port as number }),
  };
}
