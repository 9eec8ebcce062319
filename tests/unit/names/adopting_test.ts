/**
 * A daemon keeps the records of other publishers' packages that it seeds. The DHT is made up, the
 * directory and the state are real.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { KeptRecords } from "../../../src/daemon/kept_records.ts";
import { manifestItem } from "../../../src/daemon/manifest_item.ts";
import { Seeding, type SeedingOptions } from "../../../src/daemon/seeding.ts";
import { formatPublicKey } from "../../../src/identity/mod.ts";
import { signMinimal } from "../../../src/package/mod.ts";
import { type MutableItem, targetOf } from "../../../src/records/mod.ts";
import { StateDatabase, type ValidSeedEntry } from "../../../src/store/mod.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { temporaryHome } from "../../support/mod.ts";
import { keysOfSlot } from "./home.ts";
import { NOON } from "./world.ts";

const HOUR_MS = 3_600_000;
const keys = keysOfSlot(1);

/** A directory with hello-1.0.0.tgz in it, and a daemon's seeding of it. */
async function seeded(shown: { item?: MutableItem; listed: boolean }) {
  const home = await temporaryHome();
  const clock = new FakeClock(NOON);
  const state = StateDatabase.open(join(home.path, "state.db"), clock);
  const directory = join(home.path, "seed");
  await Deno.mkdir(directory);
  const fileName = "hello-1.0.0.tgz";
  const archivePath = join(directory, fileName);
  await Deno.writeTextFile(archivePath, "nobody looks into it");
  const minimal = signMinimal({
    name: "hello",
    version: "1.0.0",
    infohash: `sha256:${"cd".repeat(32)}`,
    btih: "ab".repeat(20),
    length: 20,
    timestamp: NOON,
  }, keys);
  const item = manifestItem(minimal, keys, NOON);
  const records = new KeptRecords(state, clock, 6_881, () => {});
  const asked = { record: 0, name: 0 };
  const kept: MutableItem[] = [];
  const warnings: string[] = [];
  const options = {
    directory,
    watch: "off",
    clock,
    packages: {
      add: () =>
        Promise.resolve(
          { fileName, archivePath, name: "hello", version: "1.0.0", minimal } as ValidSeedEntry,
        ),
      drop: () => Promise.resolve(),
    },
    records,
    names: {
      adopt(name: string, publicKey: Uint8Array) {
        asked.name++;
        assert.deepEqual([name, formatPublicKey(publicKey)], ["hello", minimal.pubkey]);
        return Promise.resolve(shown.listed);
      },
    },
    worker: {
      get() {
        asked.record++;
        return Promise.resolve({ item: shown.item });
      },
      keepRecords(more: { item: MutableItem }[]) {
        kept.push(...more.map(({ item }) => item));
        return Promise.resolve();
      },
    },
    onWarning: (message: string) => warnings.push(message),
  } as unknown as SeedingOptions;
  const seeding = new Seeding(options);
  return {
    ...{ seeding, clock, item, asked, kept, archivePath, minimal, warnings },
    isKept: () => records.has(targetOf(item.publicKey, item.salt)),
    async pass(ms: number) {
      await clock.advance(ms);
      // It looks whether the file is there still, and that takes real time.
      for (let i = 0; i < 20; i++) await settle();
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
    async [Symbol.asyncDispose]() {
      await seeding.stop();
      state.close();
      await home.remove();
      assert.equal(clock.timers, 0);
    },
  };
}

Deno.test("the record of a foreign package is kept once it is found, and its name once that lists it", async () => {
  const shown: Parameters<typeof seeded>[0] = { listed: false };
  await using at = await seeded(shown);
  await at.seeding.start();
  assert.deepEqual([at.isKept(), at.asked], [false, { record: 1, name: 0 }]);
  await at.pass(HOUR_MS);
  assert.deepEqual(at.asked, { record: 2, name: 0 });
  // The publisher is back.
  shown.item = at.item;
  await at.pass(HOUR_MS);
  assert.deepEqual([at.isKept(), at.kept.length, at.asked], [true, 1, { record: 3, name: 1 }]);
  // The index comes last, and is asked for alone.
  shown.listed = true;
  await at.pass(HOUR_MS);
  assert.deepEqual(at.asked, { record: 3, name: 2 });
  await at.pass(5 * HOUR_MS);
  assert.deepEqual([at.asked, at.kept.length, at.warnings], [{ record: 3, name: 2 }, 1, []]);
});

Deno.test("a record of other bytes is not kept alive", async () => {
  const shown: Parameters<typeof seeded>[0] = { listed: true };
  await using at = await seeded(shown);
  const other = signMinimal({ ...at.minimal, infohash: `sha256:${"ef".repeat(32)}` }, keys);
  shown.item = manifestItem(other, keys, NOON);
  await at.seeding.start();
  assert.deepEqual([at.isKept(), at.asked.name], [false, 0]);
});

Deno.test("an archive that is gone is looked after no more", async () => {
  await using at = await seeded({ listed: false });
  await at.seeding.start();
  await Deno.remove(at.archivePath);
  await at.pass(3 * HOUR_MS);
  assert.deepEqual(at.asked, { record: 1, name: 0 });
});
