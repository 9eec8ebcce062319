/** Tests in which homes the state is opened to look for revoked keys. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { knownKeysIfAny } from "../../../../src/cli/running/known_keys.ts";
import { systemClock } from "../../../../src/base/mod.ts";
import { StateDatabase } from "../../../../src/store/mod.ts";
import { Trust } from "../../../../src/trust/mod.ts";
import { temporaryHome } from "../../../support/mod.ts";

type Given = Parameters<typeof knownKeysIfAny>[0];

/** The environment of a command that opens no database. */
function environment(home: string): Given {
  return {
    output: { warning() {}, notice() {} },
    io: { clock: {} },
    settings: () => Promise.resolve({ values: { home } }),
    state: () => Promise.resolve(() => assert.fail("the database is read")),
  } as unknown as Given;
}

Deno.test("a home without any file of the state knows no keys, and none is created", async () => {
  await using directory = await temporaryHome();
  const { path } = directory;
  assert.equal(await knownKeysIfAny(environment(path)), undefined);
  assert.equal(await knownKeysIfAny(environment(join(path, "absent"))), undefined);
  await Deno.writeTextFile(join(path, "file"), "");
  assert.equal(await knownKeysIfAny(environment(join(path, "file"))), undefined);
  assert.deepEqual([...Deno.readDirSync(path)].map(({ name }) => name), ["file"]);
});

for (const name of ["state.db", "trust.log", "state.db-checked"]) {
  Deno.test(`a home with ${name} alone is asked for known keys`, async () => {
    await using directory = await temporaryHome();
    await Deno.writeTextFile(join(directory.path, name), "");
    assert(await knownKeysIfAny(environment(directory.path)) instanceof Trust);
  });
}

/** Makes the state of a home, and changes it. */
function makeState(home: string, change: (state: StateDatabase) => void = () => {}): string {
  const path = join(home, "state.db");
  const state = StateDatabase.open(path, systemClock);
  change(state);
  state.close();
  return path;
}

Deno.test("a state without identities is not opened as a whole", async () => {
  await using directory = await temporaryHome();
  makeState(directory.path);
  assert.equal(await knownKeysIfAny(environment(directory.path)), undefined);
  assert.deepEqual([...Deno.readDirSync(directory.path)].map(({ name }) => name), ["state.db"]);
});

Deno.test("a state with an identity is asked for known keys", async () => {
  await using directory = await temporaryHome();
  makeState(directory.path, ({ identities }) => identities.add(new Uint8Array(32), 1));
  assert(await knownKeysIfAny(environment(directory.path)) instanceof Trust);
});

Deno.test("a state of another schema is asked, and so is one that is open elsewhere", async () => {
  await using directory = await temporaryHome();
  const path = makeState(directory.path);
  {
    using state = StateDatabase.open(path, systemClock);
    state.identities.add(new Uint8Array(32), 1);
    // The identity is only in the write-ahead log.
    assert(await knownKeysIfAny(environment(directory.path)) instanceof Trust);
  }
  await using other = await temporaryHome();
  const database = new DatabaseSync(makeState(other.path));
  database.exec("PRAGMA user_version = 1");
  database.close();
  assert(await knownKeysIfAny(environment(other.path)) instanceof Trust);
});
