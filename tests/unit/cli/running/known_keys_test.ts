/** Tests in which homes the state is opened to look for revoked keys. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { knownKeysIfAny } from "../../../../src/cli/running/known_keys.ts";
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
