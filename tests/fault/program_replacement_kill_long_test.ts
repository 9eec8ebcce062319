/**
 * Tests the exchange of the program file: the process is killed before each of its file operations
 * in turn. After each kill, the complete old or the complete new program runs, with a state that it
 * reads, and repeating the command succeeds.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Clock, STATE_SCHEMA_VERSION } from "../../src/base/mod.ts";
import { StateDatabase } from "../../src/store/mod.ts";
import { migrations } from "../../src/store/state/state_schema.ts";
import { sweepStagings } from "../../src/launcher/sweeping.ts";
import { killingImportMap, runKilled } from "../support/killed_process.ts";
import { temporaryHome } from "../support/mod.ts";
import { actions, OLD_SCHEMA, programText } from "./program_replacement.ts";

/** Upper bound for the number of file operations of one action. */
const MAX_OPERATIONS = 50;
/** Minimum number of kills over both actions. */
const MIN_KILLS = 10;
const clock: Clock = { now: () => 1_763_800_000_000, after: () => assert.fail("no timers") };

/** Makes a directory with the old program, and a state of the old schema with one pin. */
async function makeOld(directory: string): Promise<void> {
  await Deno.mkdir(directory);
  await Deno.writeTextFile(join(directory, "libreseed"), programText("old"), { mode: 0o755 });
  using raw = new DatabaseSync(join(directory, "state.db"));
  for (const migration of migrations.slice(0, OLD_SCHEMA)) raw.exec(migration);
  raw.exec(`PRAGMA user_version = ${OLD_SCHEMA}`);
  raw.prepare("INSERT INTO pins (name, public_key, first_seen_ms) VALUES ('a', ?, 7)")
    .run(new Uint8Array(32).fill(1));
}

/** Makes a directory in which the program was upgraded, and the new program has opened the state. */
async function makeNew(directory: string): Promise<void> {
  await makeOld(directory);
  await actions.upgrade(directory);
  StateDatabase.open(join(directory, "state.db"), clock).close();
}

/** Runs a program and returns what it prints. */
async function outputOf(path: string): Promise<string> {
  const { code, stdout } = await new Deno.Command(path, { stderr: "null" }).output();
  assert.equal(code, 0);
  return new TextDecoder().decode(stdout).trim();
}

function schemaOf(directory: string): number {
  using raw = new DatabaseSync(join(directory, "state.db"));
  assert.equal(raw.prepare("SELECT count(*) AS n FROM pins").get()!.n, 1);
  return Number(raw.prepare("PRAGMA user_version").get()!.user_version);
}

/** Asserts that the complete old or new program is there, which can use the state. */
async function assertUsable(directory: string): Promise<string> {
  const program = join(directory, "libreseed");
  const name = await outputOf(program);
  assert.equal(await Deno.readTextFile(program), programText(name));
  assert.ok(name === "new" || schemaOf(directory) === OLD_SCHEMA, `${name} ${schemaOf(directory)}`);
  return name;
}

/** Runs an action in a child process. Returns whether the process was killed. */
function act(map: string, name: string, directory: string, killAt: number): Promise<boolean> {
  return runKilled({
    map,
    script: "tests/fault/program_replacement.ts",
    args: [name, directory],
    killAt,
  });
}

Deno.test("an upgrade and a rollback that are killed before any file operation leave a program that runs", async () => {
  await using home = await temporaryHome();
  const map = await killingImportMap(join(home.path, "map.json"));
  const counts = { upgrade: 0, rollback: 0 };
  const seen = { upgrade: new Set<string>(), rollback: new Set<string>() };
  for (const name of ["upgrade", "rollback"] as const) {
    for (let killAt = 1;; killAt++) {
      assert(killAt < MAX_OPERATIONS);
      const directory = join(home.path, `${name}-${killAt}`);
      await (name === "upgrade" ? makeOld : makeNew)(directory);
      const wasKilled = await act(map, name, directory, killAt);
      if (wasKilled) {
        counts[name]++;
        seen[name].add(await assertUsable(directory));
        await sweepStagings([directory]);
        // A rollback that was killed after the program's rename has nothing left to restore.
        const isDone = name === "rollback" &&
          await outputOf(join(directory, "libreseed")) === "old";
        if (!isDone) await actions[name](directory);
      }
      assert.equal(await assertUsable(directory), name === "upgrade" ? "new" : "old");
      const names = Array.from(Deno.readDirSync(directory), (entry) => entry.name).sort();
      assert.deepEqual(names.filter((one) => one.startsWith(".")), []);
      assert.equal(names.includes("libreseed.previous"), name === "upgrade");
      if (name === "upgrade") {
        const previous = await Deno.readTextFile(join(directory, "libreseed.previous"));
        assert.ok(["old", "new"].some((one) => previous === programText(one)));
      } else {
        assert.equal(schemaOf(directory), OLD_SCHEMA);
        using kept = new DatabaseSync(
          join(directory, `aside/state.db.schema-${STATE_SCHEMA_VERSION}`),
        );
        assert.equal(kept.prepare("SELECT count(*) AS n FROM pins").get()!.n, 1);
      }
      if (!wasKilled) break;
    }
  }
  assert(counts.upgrade + counts.rollback >= MIN_KILLS, JSON.stringify(counts));
  assert.deepEqual([...seen.rollback].sort(), ["new", "old"]);
});
