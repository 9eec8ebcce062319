/**
 * The table of announcement outcomes: the result of the last announcement of each record and
 * torrent, and the time when the next one is due.
 *
 * @module
 */

import type { Row, Sqlite } from "./sqlite.ts";

/** The last announcement of one record or torrent. */
export interface StoredOutcome {
  /** Target of the record or infohash of the torrent, 20 bytes. */
  target: Uint8Array;
  /** Time of the last attempt, Unix milliseconds; absent before the first one. */
  lastAttemptMs?: number;
  /** Time of the last success, Unix milliseconds; absent before the first one. */
  lastSuccessMs?: number;
  /** Number of nodes known to hold the record after the last attempt. */
  holding: number;
  /** Number of nodes that were queried. */
  asked: number;
  /** Number of nodes that answered. */
  responded: number;
  /** Number of nodes that newly stored the record at the last attempt. */
  stored: number;
  /** Reason why the last attempt failed; absent after a success. */
  error?: string;
  /** Number of consecutive failures. */
  failures: number;
  /** Time of the next announcement, Unix milliseconds. */
  nextDueMs: number;
  /** The TCP port in a torrent's announcement. */
  port?: number;
}

/** The table of outcomes, one row per target. */
export class OutcomesTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Stores an outcome, replacing the previous one. */
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

  /** The outcome of a target. */
  get(target: Uint8Array): StoredOutcome | undefined {
    const row = this.#sqlite.row("SELECT * FROM outcomes WHERE target = ?", target);
    return row && outcomeOf(row);
  }

  /**
   * Due times (Unix milliseconds) of the torrents that were announced with `port`, by target in
   * hexadecimal.
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

  /** All outcomes, the earliest due first. */
  list(): StoredOutcome[] {
    return this.#sqlite.rows("SELECT * FROM outcomes ORDER BY next_due_ms, target").map(outcomeOf);
  }

  /** Outcomes that are due at `nowMs`, the longest overdue first. */
  due(nowMs: number, limit: number): StoredOutcome[] {
    return this.#sqlite.rows(
      "SELECT * FROM outcomes WHERE next_due_ms <= ? ORDER BY next_due_ms, target LIMIT ?",
      nowMs,
      limit,
    ).map(outcomeOf);
  }

  /** Deletes the outcome of a target; returns whether there was one. */
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
