/** Tests the copy of `state.db` that is kept before a migration. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  type Clock,
  homePaths,
  STATE_SCHEMA_VERSION,
  stateCopyOf,
  stateFiles,
} from "../../../../src/base/mod.ts";
import { StateDatabase, StoreError } from "../../../../src/store/mod.ts";
import { migrations } from "../../../../src/store/state/state_schema.ts";
import { canMount, smallDisk, temporaryHome } from "../../../support/mod.ts";

const clock: Clock = {
  now: () => 1_763_800_000_000,
  after: () => assert.fail("the state sets no timers"),
};
const key = new Uint8Array(32).fill(1);

/** Makes a database of an older schema with some pins. */
function makeOlder(path: string, version: number, pins: number): DatabaseSync {
  const raw = new DatabaseSync(path);
  raw.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
  for (const migration of migrations.slice(0, version)) raw.exec(migration);
  raw.exec(`PRAGMA user_version = ${version}`);
  const insert = raw.prepare("INSERT INTO pins (name, public_key, first_seen_ms) VALUES (?, ?, 7)");
  raw.exec("BEGIN");
  for (let i = 0; i < pins; i++) insert.run(`package-${i}`, key);
  raw.exec("COMMIT");
  return raw;
}

function read(path: string): { version: unknown; pins: unknown; sound: unknown } {
  using raw = new DatabaseSync(path, { readOnly: true });
  return {
    version: raw.prepare("PRAGMA user_version").get()!.user_version,
    pins: raw.prepare("SELECT count(*) AS n FROM pins").get()!.n,
    sound: raw.prepare("PRAGMA integrity_check").get()!.integrity_check,
  };
}

/** Writes a file until the disk is full, and then shortens it by `leftBytes`. */
async function fill(path: string, leftBytes: number): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  let length = 0;
  try {
    for (;;) length += await file.write(new Uint8Array(4096));
  } catch (error) {
    assert.match(String(error), /No space left/);
  }
  await file.truncate(length - leftBytes);
}

Deno.test("the schema version is the number of migrations", () => {
  assert.equal(STATE_SCHEMA_VERSION, migrations.length);
});

Deno.test("before a migration, a complete copy of the database is kept, readable by its owner only", async () => {
  for (let version = 1; version < STATE_SCHEMA_VERSION; version++) {
    await using home = await temporaryHome();
    const path = join(home.path, "state.db");
    // Another process has the database open, and its changes are only in the write-ahead log.
    const other = makeOlder(path, version, 20);
    try {
      StateDatabase.open(path, clock).close();
    } finally {
      other.close();
    }
    const copy = stateCopyOf(path);
    assert.equal((await Deno.stat(copy)).mode! & 0o777, 0o600);
    assert.deepEqual(read(copy), { version, pins: 20, sound: "ok" });
    assert.deepEqual(read(path), { version: STATE_SCHEMA_VERSION, pins: 20, sound: "ok" });
  }
});

Deno.test("no copy is made of a new database, nor of one that has the schema", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "state.db");
  for (let i = 0; i < 2; i++) StateDatabase.open(path, clock).close();
  const names = Array.from(Deno.readDirSync(home.path), ({ name }) => name);
  assert.deepEqual(names.filter((name) => name.includes("before")), []);
});

Deno.test("a copy replaces an earlier one, and what a killed process has left", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "state.db");
  const copy = stateCopyOf(path);
  const precious = join(home.path, "precious");
  await Deno.writeTextFile(copy, "an earlier copy");
  await Deno.writeTextFile(precious, "precious");
  await Deno.symlink(precious, `${copy}.unfinished`);
  makeOlder(path, STATE_SCHEMA_VERSION - 1, 3).close();
  StateDatabase.open(path, clock).close();
  assert.equal(read(copy).pins, 3);
  assert.equal(await Deno.readTextFile(precious), "precious");
  await assert.rejects(Deno.lstat(`${copy}.unfinished`), Deno.errors.NotFound);
});

Deno.test("several processes that migrate one database keep one copy of the older schema", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "state.db");
  makeOlder(path, STATE_SCHEMA_VERSION - 1, 50).close();
  const code = `
    import { StateDatabase } from ${
    JSON.stringify(import.meta.resolve("../../../../src/store/mod.ts"))
  };
    StateDatabase.open(${JSON.stringify(path)}, { now: () => 0, after() {} }).close();
  `;
  // The processes may touch the files that the launcher grants to a command, and no others.
  const files = stateFiles(homePaths(home.path).state).join();
  const root = new URL("../../../../", import.meta.url).pathname;
  const results = await Promise.all(Array.from({ length: 3 }, async () => {
    const { code: exitCode, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        // A module in a URL belongs to no directory in which Deno would find the settings.
        ...["run", "--quiet", "--no-check", "--no-prompt", `--config=${root}deno.json`],
        ...[
          `--allow-read=${files},${root}`,
          `--allow-write=${files}`,
          "--allow-env",
          "--allow-sys",
        ],
        `data:text/javascript,${encodeURIComponent(code)}`,
      ],
      stdout: "null",
      stderr: "piped",
    }).output();
    return { exitCode, stderr: new TextDecoder().decode(stderr) };
  }));
  for (const { exitCode, stderr } of results) assert.equal(exitCode, 0, stderr);
  const before = { version: STATE_SCHEMA_VERSION - 1, pins: 50, sound: "ok" };
  assert.deepEqual(read(stateCopyOf(path)), before);
  assert.deepEqual(read(path), { ...before, version: STATE_SCHEMA_VERSION });
});

Deno.test("without space for the copy nothing is migrated", { ignore: !canMount }, async () => {
  await using disk = await smallDisk(2 << 20);
  const path = join(disk.path, "state.db");
  const older = { version: STATE_SCHEMA_VERSION - 1, pins: 2_000, sound: "ok" };
  makeOlder(path, older.version, older.pins).close();
  // The space that is left is enough for SQLite's index of the log, and too little for the copy.
  const leftBytes = (await Deno.stat(path)).size >> 1;
  assert(leftBytes >= 64 << 10, `${leftBytes}`);
  await fill(join(disk.path, "filler"), leftBytes);
  assert.throws(() => StateDatabase.open(path, clock), (error) => {
    assert(error instanceof StoreError, String(error));
    assert.equal(error.code, "DISK_FULL");
    assert.match(error.message, /state\.db\.before-\d+: nothing was changed/);
    return true;
  });
  const names = Array.from(Deno.readDirSync(disk.path), ({ name }) => name);
  assert.deepEqual(names.filter((name) => name.includes("before")), []);
  // SQLite needs some space to read, for its index of the log.
  await Deno.remove(join(disk.path, "filler"));
  assert.deepEqual(read(path), older);
  StateDatabase.open(path, clock).close();
  assert.deepEqual(read(stateCopyOf(path)), older);
});
