/**
 * The state of one home (libreseed's data directory): an SQLite file with all data that must
 * outlive the process. Each table has a file of its own. Callers decide when to write.
 *
 * The database uses a write-ahead log and `synchronous = FULL`. So changes are on the disk when a
 * method returns, and the database stays valid if the process is killed. Several processes may use
 * the database at once.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { type Clock, nodeFs, STATE_SCHEMA_VERSION, versionOrder } from "../../base/mod.ts";
import { fileError, StoreError } from "../files/mod.ts";
import { AnnouncingTables } from "./announcing_tables.ts";
import { DescriptionsTable } from "./descriptions_table.ts";
import { DhtNodesTable } from "./dht_nodes_table.ts";
import { FollowsTable } from "./follows_table.ts";
import { MirroredTable } from "./mirrored_table.ts";
import { ListingsTable } from "./listings_table.ts";
import { OffersTable } from "./offers_table.ts";
import { IdentitiesTable } from "./identities_table.ts";
import { OutcomesTable } from "./outcomes_table.ts";
import { MembersTable } from "./members_table.ts";
import { PinsTable } from "./pins_table.ts";
import { RecordsTable } from "./records_table.ts";
import { SecretsTable } from "./secrets_table.ts";
import { readOnly, Sqlite } from "./sqlite.ts";
import { isCheckDue, noteDamaged, noteSound, verdictLine } from "./state_check.ts";
import { keepCopy } from "./state_copy.ts";
import { migrations } from "./state_schema.ts";
import { VerifiedFilesTable } from "./verified_files_table.ts";

export { STATE_SCHEMA_VERSION } from "../../base/mod.ts";

/**
 * Name of the directory for damaged files, beside the database. The names of damaged files contain
 * the time, and a thread with a list of permitted paths cannot create files of unknown names
 * elsewhere.
 */
export const ASIDE = "aside";

/** Report that a damaged database was replaced by a new one. */
export interface ReplacedState {
  /**
   * New path of the damaged database file. Its `-wal` and `-shm` files are moved to the same place.
   */
  movedTo: string;
  /** Description of the damage, for users. */
  reason: string;
}

/** Returns the warning to show after a damaged database was replaced. */
export function describeReplaced({ movedTo, reason }: ReplacedState): string {
  return `state.db was damaged (${reason}); it is kept as ${movedTo}, and a new one was created. ` +
    "Pinned, trusted and followed publishers are lost; revoked keys are read again from trust.log";
}

/** A package of a publisher that this home knows. */
export interface PublishedPackage {
  name: string;
  /** Absent if only the name is known, from a pin. */
  version?: string;
  /** Whether its archive was verified in a seed directory. */
  isSeeded: boolean;
}

/** The open state database of one home. Its properties are the tables. */
export class StateDatabase {
  /** Set if a damaged database was replaced. The caller must warn the user. */
  readonly replaced: ReplacedState | undefined;
  readonly records: RecordsTable;
  readonly outcomes: OutcomesTable;
  readonly dhtNodes: DhtNodesTable;
  readonly verifiedFiles: VerifiedFilesTable;
  readonly members: MembersTable;
  readonly pins: PinsTable;
  readonly follows: FollowsTable;
  readonly descriptions: DescriptionsTable;
  readonly mirrored: MirroredTable;
  readonly offers: OffersTable;
  readonly identities: IdentitiesTable;
  readonly secrets: SecretsTable;
  readonly announcing: AnnouncingTables;
  readonly listings: ListingsTable;
  readonly #sqlite: Sqlite;

  private constructor(sqlite: Sqlite, replaced: ReplacedState | undefined) {
    this.#sqlite = sqlite;
    this.replaced = replaced;
    this.records = new RecordsTable(sqlite);
    this.outcomes = new OutcomesTable(sqlite);
    this.dhtNodes = new DhtNodesTable(sqlite);
    this.verifiedFiles = new VerifiedFilesTable(sqlite);
    this.members = new MembersTable(sqlite);
    this.pins = new PinsTable(sqlite);
    this.follows = new FollowsTable(sqlite);
    this.descriptions = new DescriptionsTable(sqlite);
    this.mirrored = new MirroredTable(sqlite);
    this.offers = new OffersTable(sqlite);
    this.identities = new IdentitiesTable(sqlite);
    this.secrets = new SecretsTable(sqlite);
    this.announcing = new AnnouncingTables(sqlite);
    this.listings = new ListingsTable(sqlite);
  }

  /** Absolute path of the database file. */
  get path(): string {
    return this.#sqlite.path;
  }

  /**
   * Opens the database. Creates a missing file (mode 0600). Migrates an older schema, after a copy was
   * written to `state.db.before-N`; N is the new schema version. Renames a
   * damaged file to `aside/state.db.corrupt-MS` beside it and creates a new database, see {@linkcode
   * StateDatabase.replaced}. A large file is not checked completely at each opening: damage
   * that does not prevent opening is found by the daily check, or by the check at the first opening
   * after a `STATE_DAMAGED` error.
   *
   * @param clock provides the time for the name of a damaged file and for the daily check
   * @throws {StoreError} `STATE_NEWER` (the file is not changed), `STATE_READ_ONLY`, `STATE_BUSY`,
   * `DISK_FULL` (nothing is migrated), `STATE_FAILED`, `FILE_MISSING` if the directory does not exist
   */
  static open(path: string, clock: Clock): StateDatabase {
    makeFile(path);
    try {
      return new StateDatabase(openChecked(path, clock), undefined);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "STATE_DAMAGED") throw error;
      const name = `${basename(path)}.corrupt-${clock.now()}`;
      const movedTo = join(dirname(path), ASIDE, name);
      const cause = error.cause instanceof Error ? error.cause.message : error.message;
      putAside(path, movedTo);
      noteDamaged(path);
      makeFile(path);
      return new StateDatabase(openChecked(path, clock), { movedTo, reason: cause });
    }
  }

  /**
   * Runs `work` in a transaction, and rolls back if `work` throws. One transaction is far faster
   * than many single writes. `work` must be synchronous.
   */
  transaction<T>(work: () => T): T {
    return this.#sqlite.transaction(work);
  }

  /**
   * Lists the names of all packages in the database: pinned, kept alive in the DHT, seeded, or
   * offered by a followed publisher.
   *
   * @param limit maximum number of names
   * @param prefix how the names begin
   */
  knownNames(limit: number, prefix = ""): string[] {
    return this.#sqlite.rows(
      `SELECT name FROM (
        SELECT name FROM pins
        UNION SELECT name FROM records WHERE name IS NOT NULL
        UNION SELECT name FROM verified_files WHERE name IS NOT NULL
        UNION SELECT name FROM seen_packages
      ) WHERE substr(name, 1, ?1) = ?2 LIMIT ?3`,
      prefix.length,
      prefix,
      limit,
    ).map(({ name }) => name as string);
  }

  /**
   * Lists packages of a publisher that this home knows: from pins, verified archives, and the lists
   * of followed publishers. A pin knows no version.
   */
  packagesOf(publicKey: Uint8Array, limit: number): PublishedPackage[] {
    return this.#sqlite.rows(
      `SELECT name, NULL AS version, 0 AS seeded FROM pins WHERE public_key = ?1
        UNION SELECT name, version, 1 FROM verified_files WHERE public_key = ?1
        UNION SELECT name, version, 0 FROM seen_packages WHERE public_key = ?1
        ORDER BY name LIMIT ?2`,
      publicKey,
      limit,
    ).map(({ name, version, seeded }) => ({
      name: name as string,
      ...(version !== null && { version: version as string }),
      isSeeded: seeded === 1,
    }));
  }

  /** Closes the database. Closing it twice is no error. */
  close(): void {
    this.#sqlite.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function openChecked(path: string, clock: Clock): Sqlite {
  const sqlite = new Sqlite(path, () => noteDamaged(path));
  try {
    const version = versionOf(sqlite);
    if (version > STATE_SCHEMA_VERSION) throw newer(path, version);
    if (isCheckDue(path, clock.now())) {
      const { quick_check: verdict } = sqlite.row("PRAGMA quick_check(1)")!;
      if (verdict !== "ok") throw damaged(path, verdictLine(verdict));
      noteSound(path, clock.now());
    }
    sqlite.useLog();
    sqlite.run("PRAGMA synchronous = FULL");
    if (version < STATE_SCHEMA_VERSION) migrate(sqlite);
    checkTables(sqlite);
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

function migrate(sqlite: Sqlite): void {
  sqlite.define("version_order", versionOrder);
  sqlite.transaction(() => {
    // Read the schema version again within the transaction: another process may have migrated the
    // database meanwhile.
    const before = versionOf(sqlite);
    if (before > STATE_SCHEMA_VERSION) throw newer(sqlite.path, before);
    // A database without a schema is a new file.
    if (before > 0 && before < STATE_SCHEMA_VERSION) keepCopy(sqlite);
    for (let version = before; version < STATE_SCHEMA_VERSION; version++) {
      sqlite.run(migrations[version]!);
      sqlite.run(`PRAGMA user_version = ${version + 1}`);
    }
  });
}

/**
 * Checks that all tables exist. A file that lacks a table is damaged, or is not a database of
 * libreseed.
 */
function checkTables(sqlite: Sqlite): void {
  const names = new Set(
    sqlite.rows("SELECT name FROM sqlite_schema WHERE type = 'table'").map(({ name }) => name),
  );
  for (
    const name of [
      "records",
      "outcomes",
      "dht_nodes",
      "verified_files",
      "members",
      "pins",
      "follows",
      "seen_packages",
      "seen_flags",
      "identities",
      "certificates",
      "revoked_keys",
      "good_archives",
      "trust_log",
      "secrets",
      "followed_lists",
      "asked_archives",
      "publisher_mirrors",
      "mirrored_archives",
    ]
  ) {
    if (!names.has(name)) throw damaged(sqlite.path, `it has no table ${name}`);
  }
}

/** Returns the schema version of an open database; 0 for a new file. */
export function versionOf(sqlite: Sqlite): number {
  return Number(sqlite.row("PRAGMA user_version")!.user_version);
}

/** Creates a `STATE_NEWER` error. */
export function newer(path: string, version: number): StoreError {
  return new StoreError(
    "failed",
    "STATE_NEWER",
    `${path} has schema version ${version}, this libreseed supports up to ${STATE_SCHEMA_VERSION}: ` +
      `use the newer libreseed that wrote it, or another --home`,
    { detail: { path, version, known: STATE_SCHEMA_VERSION } },
  );
}

function damaged(path: string, reason: string): StoreError {
  return new StoreError("failed", "STATE_DAMAGED", `${path} is damaged: ${reason}`, {
    cause: new Error(reason),
    detail: { path },
  });
}

/**
 * Creates a missing database file with mode 0600, which SQLite copies to the write-ahead log.
 * SQLite itself would create a file that all users can read.
 */
function makeFile(path: string): void {
  // Do not open an existing file: closing it would release all locks of this process on the file.
  if (isThere(path)) return;
  const { closeSync, constants, openSync } = nodeFs();
  try {
    closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  } catch (cause) {
    const error = fileError(cause, "write", path);
    if (error instanceof StoreError && error.code === "NOT_WRITABLE") throw readOnly(path, cause);
    throw error;
  }
}

/** Whether a path leads to a file that this thread may look at. */
function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function putAside(path: string, movedTo: string): void {
  const { mkdirSync, renameSync } = nodeFs();
  try {
    mkdirSync(dirname(movedTo), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw fileError(cause, "write", dirname(movedTo));
  }
  for (const suffix of ["-wal", "-shm", ""]) {
    try {
      renameSync(path + suffix, movedTo + suffix);
    } catch (cause) {
      if ((cause as { code?: string }).code !== "ENOENT") throw fileError(cause, "write", path);
    }
  }
}
