/**
 * Puts the copy of `state.db` that was kept before a migration back in its place, for an earlier
 * libreseed.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { stateCopyOf, unfinishedCopyOf } from "../../base/mod.ts";
import { fileError, StoreError, unlinkIfThere, writeFileAtomic } from "../files/mod.ts";
import { Sqlite } from "./sqlite.ts";
import { ASIDE, newer, STATE_SCHEMA_VERSION, versionOf } from "./state_database.ts";

/** Position of the schema version (`user_version`) in a database file, in bytes: big-endian, 32 bits. */
const VERSION_OFFSET = 60;

/**
 * Replaces a database whose schema is newer than `schema` by the copy from before its migration. The
 * database itself is kept in the directory `aside`. No other process may use it meanwhile.
 *
 * @param schema the highest schema version that the earlier libreseed reads
 * @returns path to which the database was moved; `undefined` if it is missing or old enough
 * @throws {StoreError} `STATE_COPY_MISSING`, `STATE_NEWER`, `STATE_BUSY`, `DISK_FULL`, `NOT_WRITABLE`;
 * the database is as before then
 */
export async function restoreState(path: string, schema: number): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  const version = flushed(path);
  if (version <= schema) return undefined;
  if (version > STATE_SCHEMA_VERSION) throw newer(path, version);
  const copy = stateCopyOf(path);
  const copied = await versionOfFile(copy);
  if (copied === undefined || copied > schema) {
    throw new StoreError(
      "not-found",
      "STATE_COPY_MISSING",
      `${path} has schema version ${version}, the earlier libreseed reads up to ${schema}, and ` +
        `${copy} ${copied === undefined ? "is missing" : `has ${copied}`}: nothing was changed. ` +
        "To go back without the state, move that file away first",
      { detail: { path, copy, version, schema } },
    );
  }
  const movedTo = join(dirname(path), ASIDE, `${basename(path)}.schema-${version}`);
  await mkdir(dirname(movedTo), { recursive: true, mode: 0o700 }).catch((cause) => {
    throw fileError(cause, "write", dirname(movedTo));
  });
  await writeFileAtomic(movedTo, (await Deno.open(path)).readable, { mode: 0o600 });
  const temporaryPath = unfinishedCopyOf(path);
  await unlinkIfThere(temporaryPath);
  await writeFileAtomic(path, (await Deno.open(copy)).readable, { mode: 0o600, temporaryPath });
  return movedTo;
}

/** Moves the write-ahead log into the database file, and returns the schema version. */
function flushed(path: string): number {
  const sqlite = new Sqlite(path);
  let version: number;
  try {
    version = versionOf(sqlite);
    const { busy } = sqlite.row("PRAGMA wal_checkpoint(TRUNCATE)")!;
    if (busy) throw stateBusy(path);
  } finally {
    sqlite.close();
  }
  // SQLite removes the log when the last process closes the database.
  if (existsSync(`${path}-wal`)) throw stateBusy(path);
  return version;
}

function stateBusy(path: string): StoreError {
  const message = `another process has ${path} open: try again when it is done`;
  return new StoreError("failed", "STATE_BUSY", message, { detail: { path } });
}

async function versionOfFile(path: string): Promise<number | undefined> {
  try {
    using file = await Deno.open(path);
    const header = new Uint8Array(VERSION_OFFSET + 4);
    if (await file.read(header) !== header.length) return undefined;
    return new DataView(header.buffer).getUint32(VERSION_OFFSET);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw fileError(cause, "read", path);
  }
}
