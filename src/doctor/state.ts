/**
 * The doctor's check of `state.db`. Opens the file directly with SQLite, because
 * `StateDatabase.open` would migrate or replace the database.
 *
 * @module
 */

import { errorToData, isDiskFull } from "../base/mod.ts";
import { openDatabase } from "../confinement/mod.ts";
import { homePaths } from "../control/mod.ts";
import { hasNoSpace, noteDamaged, STATE_SCHEMA_VERSION, verdictLine } from "../store/mod.ts";
import { type Check, fail, ok, warn } from "./check.ts";
import { infoOf, isDenied, openTo } from "./file_access.ts";

/** Checks the integrity, the schema version and the file mode of `state.db`. */
export async function checkState(home: string): Promise<Check> {
  const { state } = homePaths(home);
  const name = "state.db";
  const info = await infoOf(state);
  if (!info) return ok(name, "none yet; the first command that needs it makes it");
  const mode = openTo(info.mode, 0o077);
  try {
    // Test write access: SQLite opens a file without write permission without an error, and only
    // later writes fail.
    (await Deno.open(state, { read: true, write: true })).close();
    // An existing `-wal` file means that another process uses the database: open it read-only.
    // Otherwise open it for writing, because SQLite creates `-wal` and `-shm` files even for a
    // reader, and only a writer removes them.
    const database = openDatabase(state, await infoOf(`${state}-wal`) !== undefined);
    try {
      const version = Number(database.prepare("PRAGMA user_version").get()!.user_version);
      if (version > STATE_SCHEMA_VERSION) {
        const what = `${state} was written by a newer libreseed (schema ${version})`;
        return fail(name, what, "use that one, or another --home");
      }
      const verdict = verdictLine(
        database.prepare("PRAGMA integrity_check(1)").get()!.integrity_check,
      );
      if (verdict !== "ok") throw new Error(verdict);
    } finally {
      database.close();
    }
  } catch (error) {
    const { message } = errorToData(error);
    const what = `${state} cannot be used: ${message}`;
    if (/database is locked/.test(message)) {
      return fail(name, what, "end the program that has it open, or wait for it");
    }
    if (isDenied(error) || /unable to open database file/.test(message)) {
      return fail(name, what, `run: chmod 600 ${state}`);
    }
    if (isDiskFull(error) || hasNoSpace(state)) return fail(name, what, "free some space");
    if (/read-?only/i.test(message)) {
      const mend =
        "give the user write permission for the file and its directory, or another --home";
      return fail(name, what, mend);
    }
    noteDamaged(state);
    return fail(
      name,
      what,
      "start `libreseed seed`: a damaged file is put aside and rebuilt from the seed directory",
    );
  }
  if (mode !== undefined) {
    return warn(name, `${state} is open to others (mode ${mode})`, `run: chmod 600 ${state}`);
  }
  return ok(name, `whole, ${info.size} bytes`);
}
