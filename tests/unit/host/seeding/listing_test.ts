/**
 * Whether a start lists the seed directory. Directory and state are real; the clock is fake.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { otherNamesIn } from "../../../../src/host/seeding/listing.ts";
import { directoryStamp, StateDatabase } from "../../../../src/store/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { temporaryHome } from "../../../support/mod.ts";

Deno.test("the stored names count until the directory changes", async () => {
  await using home = await temporaryHome();
  const directory = join(home.path, "seed");
  await Deno.mkdir(directory);
  await Deno.writeTextFile(join(directory, ".tmp-1"), "");
  const clock = new FakeClock(Date.now() + 60_000);
  using state = StateDatabase.open(join(home.path, "state.db"), clock);
  assert.deepEqual(otherNamesIn(directory, state, clock.now()), [".tmp-1"]);

  const stamp = directoryStamp(directory, clock.now())!;
  state.listings.set(directory, { stamp, archives: 5, otherNames: ["stored"] });
  assert.deepEqual(otherNamesIn(directory, state, clock.now()), ["stored"]);
  assert.deepEqual(otherNamesIn(home.path, state, clock.now()).includes("stored"), false);

  // The time of a change may be set back, but not the time at which that was done.
  const { mtime } = await Deno.stat(directory);
  await Deno.rename(join(directory, ".tmp-1"), join(directory, ".tmp-2"));
  await Deno.utime(directory, mtime!, mtime!);
  while (directoryStamp(directory, clock.now()) === stamp) {
    // The clock of the file system goes in steps of some milliseconds.
    await Deno.utime(directory, mtime!, mtime!);
  }
  assert.deepEqual(otherNamesIn(directory, state, clock.now()), [".tmp-2"]);
});

Deno.test("a directory that changed just now has no stamp", async () => {
  await using home = await temporaryHome();
  const { mtime } = await Deno.stat(home.path);
  const changedMs = mtime!.getTime();
  assert.equal(directoryStamp(home.path, changedMs), undefined);
  assert.equal(directoryStamp(home.path, changedMs + 2_000), undefined);
  assert.equal(directoryStamp(home.path, changedMs - 60_000), undefined);
  assert.match(directoryStamp(home.path, changedMs + 60_000)!, /^\d+ \d+ \d+$/);
  assert.equal(directoryStamp(join(home.path, "none"), changedMs), undefined);
});
