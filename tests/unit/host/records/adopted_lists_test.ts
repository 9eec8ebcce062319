/**
 * A daemon keeps announcing the records of other publishers' packages that it seeds. The DHT is
 * fake; the seed directory and the state are real.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { equalBytes, toHex } from "../../../../src/base/mod.ts";
import { manifestRecord } from "../../../../src/fetching/mod.ts";
import {
  AdoptedLists,
  type AdoptedListsOptions,
} from "../../../../src/host/records/adopted_lists.ts";
import { KeptRecords } from "../../../../src/host/records/kept_records.ts";
import { Seeding, type SeedingOptions } from "../../../../src/host/seeding/seeding.ts";
import { formatPublicKey } from "../../../../src/identity/mod.ts";
import { signMinimal } from "../../../../src/package/mod.ts";
import {
  announceSalt,
  decodeItem,
  encodeAnnounceRecord,
  type MutableItem,
  publisherSalt,
  targetOf,
} from "../../../../src/records/mod.ts";
import { StateDatabase, type ValidSeedEntry } from "../../../../src/store/mod.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";
import { TestIdentity } from "../../../support/identities.ts";
import { temporaryHome } from "../../../support/mod.ts";
import { keysOfSlot } from "../../../support/names_home.ts";
import { NOON } from "../../../support/names_world.ts";
import { signedItem, signedMinimal, signedRecord } from "../../../support/signed.ts";
import { FakeRendezvous, nobodyMet } from "../../../support/fake_rendezvous.ts";

const HOUR_MS = 3_600_000;
const keys = keysOfSlot(1);

/** Makes a seed directory with hello-1.0.0.tgz, and a daemon that seeds it. */
async function seeded(shown: { item?: MutableItem; list?: MutableItem; listed: boolean }) {
  const home = await temporaryHome();
  const clock = new FakeClock(NOON);
  const state = StateDatabase.open(join(home.path, "state.db"), clock);
  const directory = join(home.path, "seed");
  await Deno.mkdir(directory);
  const fileName = "hello-1.0.0.tgz";
  const archivePath = join(directory, fileName);
  await Deno.writeTextFile(archivePath, "nobody looks into it");
  const minimal = signedMinimal({
    name: "hello",
    version: "1.0.0",
    archiveSha256: `sha256:${"cd".repeat(32)}`,
    btih: "ab".repeat(20),
    length: 20,
    timestamp: NOON,
  }, keys);
  const item = signedRecord(minimal, keys, NOON);
  const entry = {
    fileName,
    archivePath,
    name: "hello",
    version: "1.0.0",
    minimal,
  } as ValidSeedEntry;
  const records = new KeptRecords(state, clock, 6_881, () => 8, () => {});
  let looking = 0;
  const asked = { record: 0, name: 0, list: 0 };
  const listTarget = targetOf(keys.publicKey, announceSalt(keys.publicKey));
  const kept: MutableItem[] = [];
  const warnings: string[] = [];
  const options = {
    directory,
    watch: "off",
    clock,
    listings: { get: () => undefined, set: () => {} },
    packages: {
      counts: { packages: 1, problems: 0 },
      has: () => true,
      addKnown: () => Promise.resolve(),
      marks: () => [],
      withoutRecords: () => [],
      add: () => Promise.resolve(entry),
      async entry() {
        looking++;
        try {
          return await Deno.lstat(archivePath).then(() => entry, () => undefined);
        } finally {
          looking--;
        }
      },
      left: () => Promise.resolve(),
    },
    records,
    adoptsAtOnce: () => 50,
    revocations: { start: () => {}, stop: () => Promise.resolve() },
    names: {
      adopt(name: string, publicKey: Uint8Array) {
        asked.name++;
        assert.deepEqual([name, formatPublicKey(publicKey)], ["hello", minimal.pubkey]);
        return Promise.resolve(shown.listed);
      },
    },
    worker: {
      get({ publicKey, salt }: { publicKey: Uint8Array; salt: Uint8Array }) {
        if (equalBytes(targetOf(publicKey, salt), listTarget)) {
          asked.list++;
          return Promise.resolve({ item: shown.list });
        }
        asked.record++;
        return Promise.resolve({ item: shown.item });
      },
      keepRecords(more: { item: Uint8Array }[]) {
        kept.push(...more.map(({ item }) => decodeItem(item)));
        return Promise.resolve();
      },
    },
    onWarning: (message: string) => warnings.push(message),
  } as unknown as SeedingOptions;
  const { worker } = options;
  options.lists = new AdoptedLists({
    ...{ records, worker, clock },
    operations: nobodyMet,
  } as unknown as AdoptedListsOptions);
  const seeding = new Seeding(options);
  return {
    ...{ seeding, clock, item, asked, kept, archivePath, minimal, warnings },
    isKept: () => records.has(targetOf(item.publicKey, item.salt)),
    isListKept: () => records.has(listTarget),
    forget: () => records.forget("hello", "1.0.0"),
    async pass(ms: number) {
      await clock.advance(ms);
      // The daemon checks whether the file still exists, which takes real time, so wait for the
      // check to end.
      do for (let i = 0; i < 20; i++) await settle(); while (looking > 0);
    },
    async [Symbol.asyncDispose]() {
      await seeding.stop();
      state.close();
      await home.remove();
      assert.equal(clock.timers, 0);
    },
  };
}

Deno.test("a foreign package's record, name entry and publisher's list are adopted as each is found", async () => {
  const shown: Parameters<typeof seeded>[0] = { listed: false };
  await using at = await seeded(shown);
  await at.seeding.start();
  await at.pass(0);
  assert.deepEqual([at.isKept(), at.asked], [false, { record: 1, name: 0, list: 0 }]);
  await at.pass(HOUR_MS);
  assert.deepEqual(at.asked, { record: 2, name: 0, list: 0 });
  // The publisher's manifest record is in the DHT again.
  shown.item = at.item;
  await at.pass(HOUR_MS);
  assert.deepEqual([at.isKept(), at.kept.length, at.asked], [true, 1, {
    record: 3,
    name: 1,
    list: 0,
  }]);
  // From now on, the daemon looks up only the name's index.
  shown.listed = true;
  await at.pass(HOUR_MS);
  assert.deepEqual(at.asked, { record: 3, name: 2, list: 1 });
  // The publisher's announce record is looked up last.
  const { publicKey } = keys;
  const packages = new Map([["hello", ["1.0.0"]]]);
  const value = encodeAnnounceRecord({ packages, timestampMs: NOON });
  shown.list = signedItem(keys, { salt: announceSalt(publicKey), seq: NOON, value });
  await at.pass(HOUR_MS);
  assert.deepEqual(at.asked, { record: 3, name: 3, list: 2 });
  assert.deepEqual([at.isListKept(), at.kept], [true, [at.item, shown.list]]);
  await at.pass(5 * HOUR_MS);
  assert.deepEqual([at.asked, at.warnings], [{ record: 3, name: 3, list: 2 }, []]);
  // After the publisher's last package is gone, its list is no longer kept.
  assert.equal(at.forget().length, 2);
  assert.deepEqual([at.isKept(), at.isListKept()], [false, false]);
});

Deno.test("an announce record that does not decode is not adopted", async () => {
  const salt = announceSalt(keys.publicKey);
  const list = signedItem(keys, { salt, seq: NOON, value: new TextEncoder().encode("de") });
  const shown: Parameters<typeof seeded>[0] = { listed: true, list };
  await using at = await seeded(shown);
  shown.item = at.item;
  await at.seeding.start();
  await at.pass(0);
  assert.deepEqual([at.isKept(), at.isListKept(), at.asked.list], [true, false, 1]);
  assert.deepEqual(at.warnings, []);
});

Deno.test("a manifest record of another archive is not adopted", async () => {
  const shown: Parameters<typeof seeded>[0] = { listed: true };
  await using at = await seeded(shown);
  const other = signedMinimal({ ...at.minimal, archiveSha256: `sha256:${"ef".repeat(32)}` }, keys);
  shown.item = signedRecord(other, keys, NOON);
  await at.seeding.start();
  await at.pass(0);
  assert.deepEqual([at.isKept(), at.asked.name], [false, 0]);
});

Deno.test("records of a removed archive are no longer looked for", async () => {
  await using at = await seeded({ listed: false });
  await at.seeding.start();
  await at.pass(0);
  await Deno.remove(at.archivePath);
  await at.pass(3 * HOUR_MS);
  assert.deepEqual(at.asked, { record: 1, name: 0, list: 0 });
});

Deno.test("of a publisher with a root key, the publisher record is kept with the list", async () => {
  const publisher = new TestIdentity();
  const key = await publisher.certify();
  const [identity, signingKey] = [publisher.root.publicKey, key.publicKey];
  const record = await publisher.record({ seq: NOON, signingKeys: [key.certificate] });
  const list = signedItem(key.pair, {
    salt: announceSalt(signingKey),
    seq: NOON,
    value: encodeAnnounceRecord({ packages: new Map([["hello", ["1.0.0"]]]), timestampMs: NOON }),
  });
  const shown = new Map([[toHex(targetOf(signingKey, list.salt)), list]]);
  const kept = new Set<string>();
  const clock = new FakeClock(NOON);
  const rendezvous = new FakeRendezvous(clock);
  const lists = new AdoptedLists({
    clock,
    records: {
      has: (target: Uint8Array) => kept.has(toHex(target)),
      keep: (item: MutableItem) => kept.add(toHex(targetOf(item.publicKey, item.salt))),
    },
    worker: {
      get: ({ publicKey, salt }: MutableItem) =>
        Promise.resolve({ item: shown.get(toHex(targetOf(publicKey, salt))) }),
      keepRecords: () => Promise.resolve(),
    },
    operations: rendezvous,
  } as unknown as AdoptedListsOptions);
  const adopted = () => clock.until(lists.adopt(identity, signingKey));
  assert.equal(await adopted(), false);
  shown.set(toHex(targetOf(identity, publisherSalt())), record);
  assert.equal(await adopted(), false);
  await clock.advance(HOUR_MS);
  assert.equal(await adopted(), true);
  assert.deepEqual(kept, new Set(shown.keys()));
  assert.equal(rendezvous.asked.length, 1, "only for the record that the DHT lacked");
  // A list that the DHT has lost comes from another mirror.
  kept.clear();
  shown.clear();
  const forged = { ...record, seq: NOON + 1 };
  rendezvous.meet(identity, { answer: { items: [forged, list] } }, { answer: { items: [record] } });
  assert.equal(await adopted(), true);
  assert.equal(kept.size, 2);
  await lists.stop();
});

Deno.test("the publisher record goes with the last package of its identity", async () => {
  const home = await temporaryHome();
  const clock = new FakeClock(NOON);
  const state = StateDatabase.open(join(home.path, "state.db"), clock);
  const records = new KeptRecords(state, clock, 6_881, () => 8, () => {});
  const publisher = new TestIdentity();
  const key = await publisher.certify();
  const packages = ["1.0.0", "2.0.0"].map((version) => ({ name: "hello", version }));
  for (const named of packages) {
    const hashes = { archiveSha256: `sha256:${"cd".repeat(32)}`, btih: "ab".repeat(20) };
    const fields = { ...named, ...hashes, length: 20, timestamp: NOON };
    const minimal = await signMinimal(fields, key);
    const item = await manifestRecord(minimal, key, NOON);
    records.keep(item, { kind: "manifest", ...named }, false);
  }
  const item = await publisher.record({ seq: NOON, signingKeys: [key.certificate] });
  records.keep(item, { kind: "publisher" }, false);
  const target = targetOf(item.publicKey, item.salt);
  assert.equal(records.forget("hello", "1.0.0", formatPublicKey(keys.publicKey)).length, 0);
  assert.equal(records.forget("hello", "1.0.0", publisher.text).length, 1);
  assert.equal(records.has(target), true);
  assert.equal(records.forget("hello", "2.0.0", publisher.text).length, 2);
  assert.equal(records.has(target), false);
  state.close();
  await home.remove();
});
