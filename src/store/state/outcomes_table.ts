/**
 * What became of the last announcement of each record and torrent, and when it is due again.
 *
 * @module
 */

import type { Row, Sqlite } from "./sqlite.ts";

/** The last announcement of one record or torrent. */
export interface StoredOutcome {
  /** Target of the record or infohash of the torrent, 20 bytes. */
  target: Uint8Array;
  /** When it was tried last, Unix milliseconds; absent before the first time. */
  lastAttemptMs?: number;
  /** When it succeeded last, Unix milliseconds; absent before the first time. */
  lastSuccessMs?: number;
  /** How many nodes were known to hold it then. */
  holding: number;
  /** How many nodes were asked. */
  asked: number;
  /** How many of them answered. */
  responded: number;
  /** How many took it at the last attempt. */
  stored: number;
  /** Why the last attempt failed; absent if it did not. */
  error?: string;
  /** Failures in a row. */
  failures: number;
  /** When it is due again, Unix milliseconds. */
  nextDueMs: number;
  /** The port that a torrent was announced with. */
  port?: number;
}

/** The table of outcomes, one for each target. */
export class OutcomesTable {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Keeps an outcome in place of the one before. */
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

  /** When what was announced with a port is due, Unix milliseconds, by target in hexadecimal. */
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

  /** All outcomes, the one that is due first at the beginning. */
  list(): StoredOutcome[] {
    return this.#sqlite.rows("SELECT * FROM outcomes ORDER BY next_due_ms, target").map(outcomeOf);
  }

  /** What is due at a time, the longest overdue first. */
  due(nowMs: number, limit: number): StoredOutcome[] {
    return this.#sqlite.rows(
      "SELECT * FROM outcomes WHERE next_due_ms <= ? ORDER BY next_due_ms, target LIMIT ?",
      nowMs,
      limit,
    ).map(outcomeOf);
  }

  /** Forgets a target; returns whether it was there. */
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
