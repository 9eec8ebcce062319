/**
 * A thin layer over SQLite: cached statements, transactions, and errors whose messages name
 * the file and the remedy. The tables are in other files.
 *
 * @module
 */

import { dirname } from "node:path";
import type { SQLInputValue, StatementSync } from "node:sqlite";
import { nodeFs } from "../../base/mod.ts";
import { type Database, openDatabase } from "../../confinement/mod.ts";
import { diskFull, rootOwnedHint, StoreError } from "../files/mod.ts";

/** Number of row ids in a part of a table: what a query can sort or join at once, in some 25 ms. */
export const ROWS_IN_PART = 5_000;

/** A row of a query result. The class of each table converts rows to its own type. */
export type Row = Record<string, unknown>;

// SQLite errors, recognised by primary result code or by message text. Both are needed, because
// node:sqlite reports the code only for prepared statements.
const reasons: readonly { code: number; text: RegExp; reason: Reason }[] = [
  { code: 5, text: /database is locked/, reason: "busy" },
  { code: 8, text: /readonly database/, reason: "read-only" },
  { code: 10, text: /disk I\/O error/, reason: "io" },
  { code: 11, text: /disk image is malformed/, reason: "damaged" },
  { code: 13, text: /database or disk is full/, reason: "full" },
  { code: 14, text: /unable to open database file/, reason: "unopenable" },
  { code: 26, text: /file is not a database/, reason: "damaged" },
];

type Reason = "busy" | "read-only" | "io" | "damaged" | "full" | "unopenable";

/** An open SQLite database file, with a cache of prepared statements. */
export class Sqlite {
  readonly path: string;
  readonly #database: Database;
  readonly #statements = new Map<string, StatementSync>();
  readonly #onDamaged: () => void;
  #inTransaction = false;
  #open = true;

  /**
   * Opens or creates a database file. Does not read the file yet. Changes are refused until
   * {@linkcode Sqlite.useLog} is called.
   *
   * @param onDamaged is called when SQLite reports damage, before the error is thrown
   * @throws {StoreError} `STATE_FAILED`
   */
  constructor(path: string, onDamaged: () => void = () => {}) {
    this.path = path;
    this.#onDamaged = onDamaged;
    try {
      this.#database = openDatabase(path);
    } catch (cause) {
      throw stateError(cause, path);
    }
  }

  /** Permits changes, which SQLite writes to a write-ahead log first. */
  useLog(): void {
    this.#guard(() => this.#database.useLog());
  }

  /** Runs one or more SQL statements without parameters. */
  run(sql: string): void {
    this.#guard(() => this.#database.exec(sql));
  }

  /** Defines a function of SQL from text to text, which statements of this connection can call. */
  define(name: string, work: (text: string) => string): void {
    this.#database.define(name, (text) => work(String(text)));
  }

  /** Runs an SQL statement that changes rows. Returns the number of changed rows. */
  change(sql: string, ...values: SQLInputValue[]): number {
    return this.#guard(() => Number(this.#prepare(sql).run(...values).changes));
  }

  /** Runs a query, and returns its first row; `undefined` if there are no rows. */
  row(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#guard(() => this.#prepare(sql).get(...values) as Row | undefined);
  }

  /** Runs a query, and returns all of its rows. */
  rows(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#guard(() => this.#prepare(sql).all(...values) as Row[]);
  }

  /** Divides a table into parts by its row ids, each given by the id before its first one and its last. */
  *parts(table: "records" | "verified_files"): Generator<[after: number, last: number]> {
    const { last } = this.row(`SELECT max(rowid) AS last FROM ${table}`)!;
    for (let after = 0; after < Number(last); after += ROWS_IN_PART) {
      yield [after, after + ROWS_IN_PART];
    }
  }

  /** Yields the rows of a query one by one. For results that are too large for memory. */
  *each(sql: string, ...values: SQLInputValue[]): Generator<Row> {
    try {
      yield* this.#prepare(sql).iterate(...values) as Iterable<Row>;
    } catch (cause) {
      throw this.#convert(cause);
    }
  }

  /**
   * Runs `work` in a transaction, and rolls back if `work` throws. A nested transaction becomes
   * part of the outer one. `work` must be synchronous: otherwise statements of other code could run
   * in between and become part of the transaction.
   */
  transaction<T>(work: () => T): T {
    if (this.#inTransaction) return work();
    this.run("BEGIN IMMEDIATE");
    this.#inTransaction = true;
    try {
      const result = work();
      this.run("COMMIT");
      return result;
    } catch (error) {
      try {
        this.#database.exec("ROLLBACK");
      } catch {
        // ROLLBACK fails if SQLite has rolled back already, as it does when the disk is full.
      }
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  /**
   * Returns the bytes of a database file with the present content, including changes that are only in
   * the write-ahead log. All of it is in memory at once.
   */
  image(): Uint8Array {
    return this.#guard(() => this.#database.serialize());
  }

  /** Closes the database file. Closing it twice is no error. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw this.#convert(cause);
    }
  }

  #convert(cause: unknown): unknown {
    const error = stateError(cause, this.path);
    if (error instanceof StoreError && error.code === "STATE_DAMAGED") this.#onDamaged();
    return error;
  }
}

/** Converts an error of SQLite to a {@linkcode StoreError}. Returns a StoreError unchanged. */
function stateError(cause: unknown, path: string): unknown {
  if (cause instanceof StoreError || !(cause instanceof Error)) return cause;
  const resultCode = Number((cause as { errcode?: unknown }).errcode) & 0xff;
  const reason = reasons.find(({ code, text }) => code === resultCode || text.test(cause.message))
    ?.reason;
  const options = { cause, detail: { path } };
  switch (reason) {
    case "busy":
      return new StoreError(
        "failed",
        "STATE_BUSY",
        `another process keeps ${path} locked: try again when it is done`,
        options,
      );
    case "read-only":
      return readOnly(path, cause);
    case "damaged":
      return new StoreError(
        "failed",
        "STATE_DAMAGED",
        `${path} is damaged: start libreseed again, it puts the file aside and makes a new one`,
        options,
      );
    case "full":
      return new StoreError("failed", "DISK_FULL", diskFull(path), options);
    case "io":
      if (hasNoSpace(path)) return new StoreError("failed", "DISK_FULL", diskFull(path), options);
      break;
    case "unopenable":
      if (!isWritable(path)) return readOnly(path, cause);
      break;
  }
  return new StoreError("failed", "STATE_FAILED", `${path}: ${cause.message}`, options);
}

/**
 * Whether the disk of a database file is full. Called after an error, because SQLite reports an I/O
 * error if there is no space for the index of its write-ahead log.
 */
export function hasNoSpace(path: string): boolean {
  try {
    // The file itself is asked about, because a thread may have permission for it alone.
    const { bavail, bsize } = nodeFs().statfsSync(path);
    return bavail * bsize < 65_536;
  } catch {
    return false;
  }
}

/**
 * Whether the database file and its directory are writable. Must be called only after a failure:
 * the test opens and closes the file, which releases all locks that this process holds on the file.
 */
function isWritable(path: string): boolean {
  const { accessSync, closeSync, constants, openSync } = nodeFs();
  // Two tests: if Deno's permissions prevent the test of the directory, the test of the file
  // decides.
  return [
    () => accessSync(dirname(path), constants.W_OK),
    () => closeSync(openSync(path, constants.O_RDWR)),
  ].every((attempt) => {
    try {
      attempt();
      return true;
    } catch (error) {
      return !["EACCES", "EPERM", "EROFS"].includes(String((error as { code?: unknown }).code));
    }
  });
}

/** Creates a `STATE_READ_ONLY` error. */
export function readOnly(path: string, cause?: unknown): StoreError {
  return new StoreError(
    "failed",
    "STATE_READ_ONLY",
    `${path} cannot be written${
      rootOwnedHint(path) ||
      ": give the user write permission for the file and its directory, or another --home"
    }`,
    { cause, detail: { path } },
  );
}
