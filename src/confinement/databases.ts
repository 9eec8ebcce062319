/**
 * The databases of a thread.
 *
 * SQLite opens and removes files without asking Deno. If a database has a rollback journal that names a
 * further journal, SQLite removes the file of that name, wherever it is
 * (https://www.sqlite.org/atomiccommit.html, section 5.4). So code that can open a database of its
 * own can remove each file of the user.
 *
 * A confined thread therefore loses the members of `node:sqlite`. {@linkcode openDatabase} is the
 * only way to a database, and opens only what the launcher has named. The thread cannot write the
 * journals of these databases, and SQLite writes none: changes need a write-ahead log, which names
 * no other file.
 *
 * @module
 */

// deno-lint-ignore-file no-process-global -- an import would load node:process with every command

import type { SQLInputValue, StatementSync } from "node:sqlite";

type Sqlite = typeof import("node:sqlite");

/** A database that a confined thread may open. */
export interface NamedDatabase {
  /** Absolute path by which the thread opens the database. */
  path: string;
  /** The path without links. If the path leads elsewhere later, opening it is refused. */
  realPath: string;
}

/** An open database. Its errors are those of SQLite. */
export interface Database {
  /** Runs one or more SQL statements. Those that change the database need {@linkcode Database.useLog}. */
  exec(sql: string): void;
  prepare(sql: string): StatementSync;
  /** Has the database use a write-ahead log (https://www.sqlite.org/wal.html), and permits changes. */
  useLog(): void;
  /** Defines a deterministic function of SQL. */
  define(name: string, work: (...values: SQLInputValue[]) => SQLInputValue): void;
  /** Returns the bytes of a database file with the present content. */
  serialize(): Uint8Array;
  close(): void;
}

/** Maximum time to wait for another process's lock, milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * The beginnings of the pragmas that a confined thread may use, in lower case. Others could have
 * SQLite write a rollback journal, at whose end hostile code puts the name of a file.
 */
const PRAGMAS = Object.freeze([
  "pragma user_version",
  "pragma_user_version",
  "pragma quick_check",
  "pragma integrity_check",
  "pragma synchronous",
  "pragma wal_checkpoint",
]);

// Hostile code may replace every member that it can reach, so this file uses only functions that it
// has saved before any library was loaded.
const { apply, construct } = Reflect;
const { call } = Function.prototype;
const { freeze, getPrototypeOf } = Object;
const toLowerCase: (text: string) => string = call.bind(String.prototype.toLowerCase);
const indexOf: (text: string, part: string, from: number) => number = call.bind(
  String.prototype.indexOf,
);
const startsWith: (text: string, start: string, from: number) => boolean = call.bind(
  String.prototype.startsWith,
);

/** The functions of SQLite that this file uses. */
interface Members {
  DatabaseSync: Sqlite["DatabaseSync"];
  exec: (sql: string) => void;
  prepare: (sql: string) => StatementSync;
  function: (name: string, options: object, work: (...values: SQLInputValue[]) => unknown) => void;
  serialize: () => Uint8Array;
  close: () => void;
  get: StatementSync["get"];
}

/** The limits of a confined thread. */
interface Limits {
  members: Members;
  realPath(path: string): string;
  lstat(path: string): unknown;
  /** The prototype of the errors for a missing file. */
  notFound: object;
  NotCapable: new (message: string) => Error;
  /** Absent until the launcher has named the databases. */
  named?: readonly NamedDatabase[];
}

/** Absent in a thread that is not confined. */
let limits: Limits | undefined;

function load(): Members {
  const { DatabaseSync, StatementSync } = process.getBuiltinModule("node:sqlite");
  // Deno's types lack `serialize`.
  const { prototype } = DatabaseSync as unknown as { prototype: Omit<Members, "DatabaseSync"> };
  return {
    DatabaseSync,
    exec: prototype.exec,
    prepare: prototype.prepare,
    function: prototype.function,
    serialize: prototype.serialize,
    close: prototype.close,
    get: StatementSync.prototype.get,
  };
}

/**
 * Refuses every database to this thread. A thread can get `node:sqlite` by `require`, which no hook
 * sees, so the module's members are replaced. `refuseImports` refuses the import, whose members
 * cannot be replaced.
 */
export function refuseDatabases(): void {
  const sqlite = process.getBuiltinModule("node:sqlite");
  const { NotCapable } = Deno.errors;
  const refused = function Refused() {
    throw new NotCapable("Requires database access: none is given here");
  };
  for (const name of Object.keys(sqlite)) Reflect.set(sqlite, name, refused);
  freeze(sqlite);
}

/** Refuses every database to this thread, except those that {@linkcode nameDatabases} will name. */
export function limitDatabases(): void {
  const { realPathSync, lstatSync, errors: { NotCapable, NotFound } } = Deno;
  const { prototype: notFound } = NotFound;
  limits = { members: load(), realPath: realPathSync, lstat: lstatSync, notFound, NotCapable };
  refuseDatabases();
}

/**
 * Names the databases that this thread may open. Called once, with what the launcher sends, before
 * the thread reads a stranger's bytes.
 */
export function nameDatabases(databases: readonly NamedDatabase[]): void {
  if (!limits || limits.named) throw refusal("other databases");
  limits.named = freeze(databases.map(({ path, realPath }) => freeze({ path, realPath })));
}

/**
 * Opens a database file, or creates it. Changes are refused until {@linkcode Database.useLog} is
 * called.
 *
 * @param path absolute path
 * @param readOnly whether the file is opened for reading only, so that it can never be changed
 * @throws {Deno.errors.NotCapable} if this thread is confined and may not open this database
 */
export function openDatabase(path: string, readOnly = false): Database {
  if (limits) checkPath(limits, path);
  const members = limits?.members ?? load();
  const options = { __proto__: null, readOnly, timeout: BUSY_TIMEOUT_MS };
  const database = construct(members.DatabaseSync, [path, options]);
  const exec = (sql: string) => apply(members.exec, database, [sql]);
  if (!readOnly) exec("PRAGMA query_only = ON");
  return freeze<Database>({
    exec: (sql) => {
      checkSql(sql);
      exec(sql);
    },
    prepare: (sql) => {
      checkSql(sql);
      return apply(members.prepare, database, [sql]);
    },
    useLog: () => {
      const statement = apply(members.prepare, database, ["PRAGMA journal_mode = WAL"]);
      const mode = apply(members.get, statement, [])?.journal_mode;
      if (mode !== "wal") {
        throw new Error("SQLite can keep no write-ahead log here: use a --home on a local disk");
      }
      // The first reading opens the log, so that nothing can change the mode of this connection.
      exec("SELECT 1 FROM sqlite_schema; PRAGMA query_only = OFF");
    },
    define: (name, work) =>
      apply(members.function, database, [name, { __proto__: null, deterministic: true }, work]),
    serialize: () => apply(members.serialize, database, []),
    close: () => apply(members.close, database, []),
  });
}

/** Throws unless the launcher has named the path and it leads where it led then. */
function checkPath({ named, realPath, lstat, notFound }: Limits, path: string): void {
  let real: string | undefined;
  if (named) {
    for (let at = 0; at < named.length; at++) {
      if (named[at]!.path === path) real = named[at]!.realPath;
    }
  }
  if (real === undefined) throw refusal(`"${path}"`);
  try {
    lstat(path);
  } catch (error) {
    // Hostile code can have the check fail, for instance by calling this function with a full stack.
    if (getPrototypeOf(error) === notFound) return; // SQLite creates the file.
    throw error;
  }
  if (realPath(path) !== real) throw refusal(`"${path}", which leads elsewhere now`);
}

/** Throws if this thread is confined and the statements have a pragma that it may not use. */
function checkSql(sql: string): void {
  if (!limits) return;
  if (typeof sql !== "string") throw refusal("statements that are no text");
  const text = toLowerCase(sql);
  for (let at = indexOf(text, "pragma", 0); at !== -1; at = indexOf(text, "pragma", at + 1)) {
    if (!isPermittedPragma(text, at)) throw refusal("this pragma");
  }
}

function isPermittedPragma(text: string, at: number): boolean {
  for (let i = 0; i < PRAGMAS.length; i++) {
    if (startsWith(text, PRAGMAS[i]!, at)) return true;
  }
  return false;
}

function refusal(what: string): Error {
  const NotCapable = limits?.NotCapable ?? Deno.errors.NotCapable;
  return new NotCapable(`Requires database access to ${what}: none is given here`);
}
