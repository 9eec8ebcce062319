/**
 * The start of a seed directory whose archives were verified before. The state is real and the archives
 * are rows in it; the seeder is a fake.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { Packages } from "../../../../src/host/seeding/packages.ts";
import { defaultArchiveLimits } from "../../../../src/package/mod.ts";
import { SeedDirectory, StateDatabase } from "../../../../src/store/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { trustOf } from "../../../support/identities.ts";
import { temporaryHome } from "../../../support/mod.ts";

Deno.test("the next slice of known archives is handed over while the engine takes one, and no third", async () => {
  const home = await temporaryHome();
  const directory = join(home.path, "seed");
  const clock = new FakeClock();
  const state = StateDatabase.open(join(home.path, "state.db"), clock);
  state.transaction(() => {
    for (let i = 0; i < 1_000; i++) {
      state.verifiedFiles.remember(
        join(directory, `p${i}-1.0.0.tgz`),
        { sizeBytes: 1, mtimeMs: 1, inode: i },
        { sha256: new Uint8Array(32), infoHash: new Uint8Array(20).fill(i) },
        {
          ...{ text: "{}", mark: "m", name: `p${i}`, version: "1.0.0" },
          publicKey: new Uint8Array(32),
        },
      );
    }
  });
  /** Functions that tell the host that the engine has taken a slice, the oldest first. */
  const taken: (() => void)[] = [];
  let arrived = Promise.withResolvers<void>();
  let archives = 0;
  const packages = new Packages({
    ...{ state, clock, limits: defaultArchiveLimits },
    seeds: new SeedDirectory(directory, clock),
    trust: trustOf(state, clock),
    seeder: {
      seed: (orders) =>
        new Promise((resolve) => {
          archives += orders.length;
          taken.push(resolve);
          arrived.resolve();
        }),
      unseed: () => Promise.resolve(),
    },
    isPublished: () => false,
    onWarning: (message) => assert.fail(message),
  });
  const added = packages.addKnown();
  assert.equal(taken.length, 2, "slices before the first is taken");
  while (archives < 1_000) {
    arrived = Promise.withResolvers<void>();
    taken.shift()!();
    await arrived.promise;
    assert.equal(taken.length, 2, "slices under way");
  }
  for (const resolve of taken) resolve();
  await added;
  assert.equal(packages.counts.packages, 1_000);
  state.close();
  await home.remove();
});
