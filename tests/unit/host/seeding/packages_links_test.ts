/**
 * Archives of the seed directory that get a second name (hard link) while a daemon runs or is
 * stopped. Archive, state and seed directory are real; the seeder is a fake.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { Packages } from "../../../../src/host/seeding/packages.ts";
import { keyPairFromSeed } from "../../../../src/identity/mod.ts";
import { defaultArchiveLimits, packDirectory } from "../../../../src/package/mod.ts";
import { SeedDirectory, StateDatabase } from "../../../../src/store/mod.ts";
import { trustOf } from "../../../support/identities.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { temporaryHome } from "../../../support/mod.ts";

const fileName = "hello-1.0.0.tgz";

/** Makes a seed directory with one archive. `start` makes what a daemon has at its start. */
async function newPlace() {
  const home = await temporaryHome();
  const [source, directory] = [join(home.path, "source"), join(home.path, "seed")];
  for (const path of [source, directory]) await Deno.mkdir(path);
  await Deno.writeTextFile(join(source, "package.json"), '{"name":"hello","version":"1.0.0"}');
  const signer = keyPairFromSeed(new Uint8Array(32).fill(9));
  await packDirectory({ dir: source, outDir: directory, signer, timestampMs: 1_700_000_000_000 });
  const clock = new FakeClock(Date.now());
  const state = StateDatabase.open(join(home.path, "state.db"), clock);
  const seeds = new SeedDirectory(directory, clock);
  const seeding = new Set<string>();
  const start = () =>
    new Packages({
      ...{ seeds, state, clock, limits: defaultArchiveLimits },
      trust: trustOf(state, clock),
      seeder: {
        seed: (orders) => Promise.resolve(orders.forEach((one) => seeding.add(one.infoHashHex))),
        unseed: (infoHashHex) => Promise.resolve(void seeding.delete(infoHashHex)),
      },
      isPublished: () => false,
      onWarning: (message) => assert.fail(message),
    });
  return {
    ...{ home, directory, seeding, start, state },
    async [Symbol.asyncDispose]() {
      state.close();
      await home.remove();
    },
  };
}

Deno.test("an archive with a second name is not seeded, neither by a running daemon nor at a start", async () => {
  await using place = await newPlace();
  const { home, directory, seeding, start } = place;
  const running = start();
  await running.add(fileName);
  running.flush();
  assert.equal(seeding.size, 1);

  const second = join(home.path, "second");
  await Deno.link(join(directory, fileName), second);
  await assert.rejects(running.add(fileName), { code: "LINK", message: /has 2 names/ });
  assert.equal(seeding.size, 0);
  const [listed] = await running.list([]);
  assert.match(listed!.problem!, /has 2 names \(hard links\)/);
  // A start seeds it again, and stops as soon as the watcher or a peer makes the host look at it.
  const restarted = start();
  await restarted.addKnown();
  assert.deepEqual([...restarted.marks()].map(([name]) => name), [fileName]);
  await assert.rejects(restarted.mend([...seeding][0]!), { code: "LINK" });
  assert.equal(seeding.size, 0);

  await Deno.remove(second);
  await running.add(fileName);
  assert.equal(seeding.size, 1);
  await start().addKnown();
  assert.equal(seeding.size, 1);
});

Deno.test("an archive that changed or went away while no daemon ran is not looked at before it is wanted", async () => {
  await using place = await newPlace();
  const { directory, seeding, start, state } = place;
  const first = start();
  await first.add(fileName);
  first.flush();
  const [infoHashHex] = seeding;
  const path = join(directory, fileName);
  const sound = await Deno.readFile(path);

  await Deno.writeFile(path, sound.with(sound.length - 1, sound.at(-1)! ^ 1));
  const changed = start();
  await changed.addKnown();
  assert.deepEqual([...seeding], [infoHashHex]);
  await assert.rejects(changed.mend(infoHashHex!), { kind: "verification" });
  assert.equal(seeding.size, 0);

  await Deno.writeFile(path, sound);
  const restored = start();
  await restored.addKnown();
  await restored.mend(infoHashHex!);
  assert.deepEqual([...seeding], [infoHashHex]);
  restored.flush();

  await Deno.remove(path);
  const gone = start();
  await gone.addKnown();
  await gone.mend(infoHashHex!);
  assert.equal(seeding.size, 0);
  assert.notEqual(state.verifiedFiles.seed(path), undefined, "a disk may be mounted later");
});
