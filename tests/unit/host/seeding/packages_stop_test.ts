/**
 * Stopping a daemon while it verifies an archive in its seed directory. Archive, state and seed
 * directory are real; the seeder is a fake.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { pause, systemClock } from "../../../../src/base/mod.ts";
import { Packages } from "../../../../src/host/seeding/packages.ts";
import { keyPairFromSeed } from "../../../../src/identity/mod.ts";
import { defaultArchiveLimits, packDirectory } from "../../../../src/package/mod.ts";
import { SeedDirectory, StateDatabase } from "../../../../src/store/mod.ts";
import { trustOf } from "../../../support/identities.ts";
import { temporaryHome } from "../../../support/mod.ts";

const FILES = 2_000;

Deno.test("stop aborts a running verification, and the next start repeats it", async () => {
  await using home = await temporaryHome();
  const [source, directory] = [join(home.path, "source"), join(home.path, "seed")];
  for (const path of [source, directory]) await Deno.mkdir(path);
  await Deno.writeTextFile(join(source, "package.json"), '{"name":"hello","version":"1.0.0"}');
  for (let i = 0; i < FILES; i++) Deno.writeTextFileSync(join(source, `${i}`), `${i}`);
  const signer = keyPairFromSeed(new Uint8Array(32).fill(9));
  await packDirectory({ dir: source, outDir: directory, signer, timestampMs: 1_700_000_000_000 });
  const clock = systemClock;
  const state = StateDatabase.open(join(home.path, "state.db"), clock);
  const seeds = new SeedDirectory(directory, clock);
  const seeded: string[] = [];
  const warnings: string[] = [];
  let isToStop = true;
  const start = () => {
    const packages: Packages = new Packages({
      ...{ seeds, state, clock, limits: defaultArchiveLimits },
      trust: trustOf(state, clock),
      seeder: {
        seed: (orders) => Promise.resolve(void seeded.push(...orders.map((one) => one.filePath))),
        unseed: () => Promise.resolve(),
      },
      // `Packages` calls this function when the verification of the archive begins.
      isPublished: () => {
        if (isToStop) pause().then(() => packages.stop());
        return false;
      },
      onWarning: (message) => void warnings.push(message),
    });
    return packages;
  };
  try {
    const fileName = "hello-1.0.0.tgz";
    const ended = start();
    await assert.rejects(ended.add(fileName), { code: "HOST_STOPPING" });
    ended.flush();
    assert.deepEqual(ended.counts, { packages: 0, problems: 0 });
    const entry = await seeds.entry(fileName);
    assert(entry?.problem === undefined && entry);
    assert.equal(state.verifiedFiles.find(entry.archivePath, entry), undefined);
    assert.deepEqual(seeded, []);

    isToStop = false;
    const next = start();
    await next.add(fileName);
    next.flush();
    assert.deepEqual(seeded, [entry.archivePath]);
    assert(state.verifiedFiles.find(entry.archivePath, entry));
    assert.deepEqual(warnings, []);
  } finally {
    state.close();
  }
});
