/**
 * Retrying archives that temporarily cannot be read or seeded, and what a start finds missing. The clock is
 * fake; archives, state and seed directory are real.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fromHex } from "../../../../src/base/mod.ts";
import { ControlError } from "../../../../src/control/errors.ts";
import type { AdoptedLists } from "../../../../src/host/records/adopted_lists.ts";
import { KeptRecords } from "../../../../src/host/records/kept_records.ts";
import { Packages } from "../../../../src/host/seeding/packages.ts";
import { isTemporary, Retries } from "../../../../src/host/seeding/retries.ts";
import type { Seeder } from "../../../../src/host/seeding/seeder.ts";
import { Seeding } from "../../../../src/host/seeding/seeding.ts";
import { keyPairFromSeed } from "../../../../src/identity/mod.ts";
import { defaultArchiveLimits, PackageError, packDirectory } from "../../../../src/package/mod.ts";
import { SeedDirectory, StateDatabase, StoreError } from "../../../../src/store/mod.ts";
import { trustOf } from "../../../support/identities.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";
import { temporaryHome } from "../../../support/mod.ts";

Deno.test("a temporary failure is retried with back-off up to one minute", async () => {
  const clock = new FakeClock(0);
  const looks: number[] = [];
  const retries = new Retries(clock, (fileName) => {
    looks.push(clock.now());
    retries.failed(fileName);
    return Promise.resolve();
  });
  assert.equal(retries.failed("a.tgz"), true);
  assert.equal(retries.failed("a.tgz"), false);
  for (let second = 0; second < 300; second++) await clock.advance(1_000);
  const pauses = looks.map((at, i) => at - (looks[i - 1] ?? 0));
  assert.deepEqual(pauses.slice(0, 7), [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  await retries.stop();
  assert.equal(clock.timers, 0);
});

Deno.test("a clock set back by a year delays the next retry by at most one minute", async () => {
  const yearMs = 365 * 86_400_000;
  const clock = new FakeClock(2 * yearMs);
  let looks = 0;
  const retries = new Retries(clock, (fileName) => {
    looks++;
    retries.failed(fileName);
    return Promise.resolve();
  });
  retries.failed("a.tgz");
  clock.jump(-yearMs);
  await clock.advance(61_000);
  assert.ok(looks > 0, "it was not looked at");
  const before = looks;
  await clock.advance(200_000);
  assert.ok(looks > before, "it was looked at once only");
  await retries.stop();
  assert.equal(clock.timers, 0);
});

Deno.test("failed archives are retried one after the other, and forgotten ones never", async () => {
  const clock = new FakeClock(0);
  const looks: string[] = [];
  let waiting: (() => void) | undefined;
  const retries = new Retries(clock, async (fileName) => {
    looks.push(fileName);
    await new Promise<void>((resolve) => waiting = resolve);
    retries.forget(fileName);
  });
  for (const name of ["a", "b", "c"]) retries.failed(name);
  retries.forget("b");
  await clock.advance(1_000);
  assert.deepEqual(looks, ["a"]);
  waiting!();
  await settle();
  assert.deepEqual(looks, ["a", "c"]);
  waiting!();
  await settle();
  await clock.advance(600_000);
  assert.deepEqual(looks, ["a", "c"]);
  await retries.stop();
  assert.equal(clock.timers, 0);
});

Deno.test("isTemporary accepts errors of the system and refuses those of an archive", () => {
  const passing = [
    new Error("the worker is busy"),
    new StoreError("failed", "IO_FAILED", "EIO"),
    new StoreError("failed", "NOT_READABLE", "EACCES"),
    new PackageError("failed", "FILE_CHANGED", "it was written to"),
    new PackageError("failed", "ARCHIVE_UNREADABLE", "EMFILE"),
    new ControlError("verification", "UNREADABLE", "its manifest: EMFILE"),
  ];
  const lasting = [
    new PackageError("verification", "HASH_MISMATCH", "x"),
    new PackageError("failed", "SECRET_FOUND", "x"),
    new PackageError("failed", "NEWER_FORMAT", "x"),
    new ControlError("verification", "WRONG_LENGTH", "x"),
    new ControlError("verification", "LINK", "x"),
    new ControlError("not-found", "PACKAGE_NOT_FOUND", "x"),
  ];
  for (const error of passing) assert(isTemporary(error), error.message);
  for (const error of lasting) assert(!isTemporary(error), error.code);
});

/** A seed directory in which reading an archive's entry fails once for each error in `refusals`. */
class TroubledDirectory extends SeedDirectory {
  refusals: unknown[] = [];

  override async entry(fileName: string) {
    const refusal = this.refusals.shift();
    if (refusal !== undefined) throw refusal;
    return await super.entry(fileName);
  }
}

/** Makes a daemon that seeds one archive, which is in the seed directory before the start. */
async function place(watch: "off" | "poll") {
  const home = await temporaryHome();
  const source = join(home.path, "source");
  const directory = join(home.path, "seed");
  await Deno.mkdir(source);
  await Deno.mkdir(directory);
  await Deno.writeTextFile(join(source, "package.json"), '{"name":"hello","version":"1.0.0"}');
  const signer = keyPairFromSeed(new Uint8Array(32).fill(9));
  await packDirectory({ dir: source, outDir: directory, signer, timestampMs: 1_700_000_000_000 });
  // The fake clock is an hour ahead, so the archive counts as completely written.
  const clock = new FakeClock(Date.now() + 3_600_000);
  const state = StateDatabase.open(join(home.path, "state.db"), clock);
  const seeds = new TroubledDirectory(directory, clock);
  const seeded: string[] = [];
  /** Errors that the fake worker returns in place of seeding, one per call. */
  const refusals: Error[] = [];
  const seeder: Seeder = {
    seed: (orders) => {
      const refusal = refusals.shift();
      if (refusal) return Promise.reject(refusal);
      seeded.push(...orders.map(({ filePath }) => filePath));
      return Promise.resolve();
    },
    unseed: () => Promise.resolve(),
  };
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  const packages = new Packages({
    ...{ seeds, state, seeder, clock, onWarning },
    trust: trustOf(state, clock),
    limits: defaultArchiveLimits,
    isPublished: () => false,
  });
  const lists = {
    adopt: () => Promise.resolve(true),
    fetchCatalogs: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  } as unknown as AdoptedLists;
  const seeding = new Seeding({
    listings: { get: () => undefined, set: () => {} },
    ...{ directory, watch, clock, packages, lists, onWarning },
    records: new KeptRecords(state, clock, 6_881, () => 8, () => {}),
    names: { adopt: () => Promise.resolve(true) },
    revocations: { start: () => {}, stop: () => Promise.resolve() },
    adoptsAtOnce: () => 50,
    worker: {
      get: () => Promise.reject(new Error("no DHT")),
      keepRecords: () => Promise.resolve(),
    },
  });
  const problem = async () => (await packages.list([]))[0]!.problem;
  return {
    ...{ directory, state, clock, seeds, seeded, refusals, warnings, packages, seeding, problem },
    /** Advances the clock step by step until a condition holds, and lets disk operations finish. */
    async until(isSo: () => boolean | Promise<boolean>) {
      for (let second = 0; second < 600; second++) {
        if (await isSo()) return;
        await clock.advance(1_000);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      assert.fail("it has not come about");
    },
    async [Symbol.asyncDispose]() {
      await seeding.stop();
      packages.flush();
      state.close();
      await home.remove();
    },
  };
}

for (const watch of ["off", "poll"] as const) {
  Deno.test(`an archive that is busy at the start is seeded later (watch ${watch})`, async () => {
    await using daemon = await place(watch);
    const { seeds, seeding, seeded, problem, warnings } = daemon;
    const busy = () => new StoreError("failed", "IO_FAILED", "cannot read it: resource busy");
    // One of the errors hits the update of the publisher's list, which must include the other
    // archives nevertheless.
    seeds.refusals = [busy(), busy(), busy(), busy()];
    await seeding.start();
    assert.match(String(await problem()), /resource busy/);
    assert.equal(seeded.length, 0);
    await daemon.until(() => seeded.length === 1);
    assert.equal(await problem(), undefined);
    // The warning is printed once, not for each attempt.
    assert.equal(warnings.filter((text) => text.includes("resource busy")).length, 1);
    assert.equal(seeds.refusals.length, 0);
  });
}

Deno.test("an archive that the worker failed to seed is retried", async () => {
  await using daemon = await place("off");
  const { refusals, seeding, seeded, problem } = daemon;
  refusals.push(new Error("too many open files"));
  await seeding.start();
  assert.match(String(await problem()), /too many open files/);
  await daemon.until(() => seeded.length === 1);
  assert.equal(await problem(), undefined);
});

Deno.test("an archive that fails verification is not read again until it changes", async () => {
  await using daemon = await place("off");
  const { clock, seeds, seeding, seeded } = daemon;
  const { archivePath } = seeds.paths("hello-1.0.0.tgz");
  const bytes = await Deno.readFile(archivePath);
  bytes[bytes.length >> 1]! ^= 1;
  await Deno.writeFile(archivePath, bytes);
  await seeding.start();
  let looks = 0;
  const { entry } = seeds;
  seeds.entry = (fileName) => {
    looks++;
    return entry.call(seeds, fileName);
  };
  for (let minute = 0; minute < 30; minute++) await clock.advance(60_000);
  assert.deepEqual([looks, seeded.length], [0, 0]);
});

Deno.test("archives whose disk is not mounted at the start are not seeded, and need no hashing later", async () => {
  await using daemon = await place("poll");
  const { directory, packages, seeding, seeded, state } = daemon;
  const [fileName] = [...Deno.readDirSync(directory)].map(({ name }) => name)
    .filter((name) => name.endsWith(".tgz"));
  await packages.add(fileName!);
  packages.flush();
  await packages.drop(fileName!);
  const { archivePath } = daemon.seeds.paths(fileName!);
  const aside = `${directory}.aside`;
  await Deno.rename(directory, aside);
  await Deno.mkdir(directory);
  await seeding.start();
  assert.equal(packages.counts.packages, 0);
  assert.ok(state.verifiedFiles.seed(archivePath));
  await Deno.remove(directory);
  await Deno.rename(aside, directory);
  await daemon.until(() => seeded.length === 3);
});

for (const count of [1, 2]) {
  Deno.test(`a removal that was killed after ${count} of 3 files is completed at the next start`, async () => {
    await using daemon = await place("off");
    const { directory, packages, seeding, seeds, state, clock, warnings } = daemon;
    const fileName = "hello-1.0.0.tgz";
    await packages.add(fileName);
    packages.flush();
    const infoHash = fromHex(packages.seedOf(fileName)!)!;
    state.mirrored.hold(infoHash, clock.now());
    await packages.drop(fileName);
    const { archivePath, minimalPath } = seeds.paths(fileName);
    for (const path of [archivePath, minimalPath].slice(0, count)) await Deno.remove(path);
    await Deno.writeTextFile(join(directory, "other-1.0.0.minimal.json"), "of the user");
    await seeding.start();
    const left = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
    assert.deepEqual(left, [".lock", "other-1.0.0.minimal.json"]);
    assert.deepEqual([packages.counts.packages, warnings], [0, []]);
    assert.equal(state.verifiedFiles.seed(archivePath), undefined);
    assert.equal(state.mirrored.isHeld(infoHash), false);
  });
}
