/**
 * The check of `state.db` by `doctor`: it distinguishes a file that cannot be written from a damaged
 * file.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../src/base/mod.ts";
import { checkState } from "../../../src/doctor/state.ts";
import { StateDatabase } from "../../../src/store/mod.ts";
import { canMount, smallDisk, temporaryHome } from "../../support/mod.ts";

/** Command prefix that runs a program without root's permission to write any file. */
const asOwner = Deno.uid() === 0 ? ["setpriv", "--bounding-set=-dac_override"] : [];

Deno.test(
  "a state.db that its owner cannot write is reported with the way to fix it",
  { ignore: asOwner.length > 0 && Deno.build.os !== "linux" },
  async () => {
    await using home = await temporaryHome();
    const path = join(home.path, "state.db");
    StateDatabase.open(path, systemClock).close();
    await Deno.chmod(path, 0o400);
    const module = JSON.stringify(import.meta.resolve("../../../src/doctor/state.ts"));
    const code = `import { checkState } from ${module};
      console.log(JSON.stringify(await checkState(${JSON.stringify(home.path)})));`;
    const [program, ...args] = [
      ...asOwner,
      ...[Deno.execPath(), "eval", code],
    ];
    const { stdout, stderr } = await new Deno.Command(program!, { args }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert.notEqual(text(stdout), "", text(stderr));
    const { verdict, what, mend } = JSON.parse(text(stdout));
    assert.equal(verdict, "fail");
    assert.match(what, /cannot be used: Permission denied/);
    assert.equal(mend, `run: chmod 600 ${path}`);
  },
);

Deno.test(
  "a state.db on a read-only disk is not called damaged",
  { ignore: !canMount },
  async () => {
    await using disk = await smallDisk(512 * 1024);
    StateDatabase.open(join(disk.path, "state.db"), systemClock).close();
    await disk.makeReadOnly();
    const { verdict, what, mend } = await checkState(disk.path);
    assert.equal(verdict, "fail");
    assert.match(what, /cannot be used: Read-only file system/);
    assert.match(mend!, /^give the user write permission .*another --home$/);
  },
);

Deno.test("the damage of a state.db is told on one line", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "state.db");
  StateDatabase.open(path, systemClock).close();
  {
    using file = await Deno.open(path, { write: true });
    await file.seek(9000, Deno.SeekMode.Start);
    await file.write(new Uint8Array(20_000).fill(0xa5));
  }
  const { verdict, what } = await checkState(home.path);
  assert.equal(verdict, "fail");
  assert.match(what, /state\.db cannot be used: \w[^\n]*$/);
  using state = StateDatabase.open(path, systemClock);
  assert.match(state.replaced!.reason, /^\w[^\n]*$/);
});
