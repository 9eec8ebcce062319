/**
 * A thin layer over node:sqlite: cached statements, transactions, and errors that say which file and
 * what to do. The tables are in files of their own.
 *
 * @module
 */

import { accessSync, closeSync, constants, openSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { diskFull, rootOwnedHint, StoreError } from "../files/mod.ts";

/** How long to wait for another process that is writing. */
const BUSY_TIMEOUT_MS = 5000;

/** A row as SQLite gives it. Each table turns it into a type of its own. */
export type Row = Record<string, unknown>;

// Primary result codes of SQLite, and what it says for each: node:sqlite gives the code for prepared
// statements only, the text always.
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

/** An open database file. */
export class Sqlite {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #onDamaged: () => void;
  #inTransaction = false;
  #open = true;

  /**
   * Opens the file, or makes it. The file is not looked into yet.
   *
   * @param onDamaged hears that SQLite came upon damage, before the error is thrown
   * @throws {StoreError} `STATE_FAILED`
   */
  constructor(path: string, onDamaged: () => void = () => {}) {
    this.path = path;
    this.#onDamaged = onDamaged;
    try {
      this.#database = new DatabaseSync(path);
    } catch (cause) {
      throw stateError(cause, path);
    }
    this.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  }

  /** Runs one or more statements without parameters. */
  run(sql: string): void {
    this.#guard(() => this.#database.exec(sql));
  }

  /** Runs a statement for its effect; returns how many rows it changed. */
  change(sql: string, ...values: SQLInputValue[]): number {
    return this.#guard(() => Number(this.#prepare(sql).run(...values).changes));
  }

  /** The first row of a query. */
  row(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#guard(() => this.#prepare(sql).get(...values) as Row | undefined);
  }

  /** All rows of a query. */
  rows(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#guard(() => this.#prepare(sql).all(...values) as Row[]);
  }

  /** The rows of a query one by one, for those that are too many to be held at once. */
  *each(sql: string, ...values: SQLInputValue[]): Generator<Row> {
    try {
      yield* this.#prepare(sql).iterate(...values) as Iterable<Row>;
    } catch (cause) {
      throw this.#told(cause);
    }
  }

  /**
   * Does all of it or, if `work` throws, none. One inside another becomes part of it. `work` must not
   * be asynchronous: whatever ran in between would be part of it too.
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
        // After a full disk SQLite has rolled back on its own.
      }
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  /** Closes the file. Closing twice is no error. */
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
      throw this.#told(cause);
    }
  }

  #told(cause: unknown): unknown {
    const error = stateError(cause, this.path);
    if (error instanceof StoreError && error.code === "STATE_DAMAGED") this.#onDamaged();
    return error;
  }
}

/** Turns an error of SQLite into a {@linkcode StoreError}; what is one already comes back as it is. */
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
      if (isFull(path)) return new StoreError("failed", "DISK_FULL", diskFull(path), options);
      break;
    case "unopenable":
      if (!isWritable(path)) return readOnly(path, cause);
      break;
  }
  return new StoreError("failed", "STATE_FAILED", `${path}: ${cause.message}`, options);
}

/** SQLite calls it an I/O error when there is no room for the index of its log. */
function isFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < 65_536;
  } catch {
    return false;
  }
}

/** Asked only after a failure: closing a file undoes the process's locks on it. */
function isWritable(path: string): boolean {
  // The second is asked all the same where Deno does not let us ask the first.
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

/** A `STATE_READ_ONLY`. */
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
