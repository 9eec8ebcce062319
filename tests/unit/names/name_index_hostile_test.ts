/**
 * Attacks on the index of a name, and the limits of these attacks.
 *
 * @module
 */

import assert from "node:assert/strict";
import { toHex } from "../../../src/base/mod.ts";
import type { BValue } from "../../../src/bencode/mod.ts";
import { formatPublicKey, generateKeyPair, type KeyPair } from "../../../src/identity/mod.ts";
import { readNameIndex } from "../../../src/names/name_index.ts";
import { writeNameIndex } from "../../../src/names/write_name_index.ts";
import { encodeNameIndex, type NameIndexEntry, nameIndexSlot } from "../../../src/records/mod.ts";
import { keysOfSlot } from "../../support/names_home.ts";
import { failure, NOON, World } from "../../support/names_world.ts";
import { signedEntry } from "../../support/signed.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SLOT = 1;
/** The maximum sequence number of an item. No later item can replace an item with this number. */
const LOCK = Number.MAX_SAFE_INTEGER;

function entry(keys: KeyPair, fields: Partial<NameIndexEntry> = {}, name = "hello") {
  const times = { firstSeenMs: NOON - HOUR_MS, timestampMs: NOON - HOUR_MS };
  return signedEntry(keys, name, { version: "1.0.0", ...times, ...fields });
}

function raw({ publicKey, version, firstSeenMs, timestampMs, signature }: NameIndexEntry): BValue {
  return { f: firstSeenMs, k: publicKey, s: signature, t: timestampMs, v: version };
}

const keysOf = (entries: NameIndexEntry[]) =>
  entries.map(({ publicKey }) => toHex(publicKey)).sort();

/** Makes a network in which Ann has published hello@1.0.0 and keeps it announced. */
async function published(world: World) {
  const ann = await world.home(SLOT);
  await world.run(ann.publish("hello", "1.0.0"));
  assert.deepEqual(ann.warnings, []);
  return { ann, user: await world.home() };
}

const stranger = keysOfSlot(SLOT, 98);
const junk = crypto.getRandomValues(new Uint8Array(900));
const garbage: [string, BValue][] = [
  ["random bytes", junk],
  ["a number", 42],
  ["an empty list", []],
  ["a dictionary", { k: stranger.publicKey }],
  ["a list of random bytes", [junk.subarray(0, 400), junk.subarray(400)]],
  ["lists in lists", Array.from({ length: 15 }).reduce<BValue>((inner) => [inner], [])],
  ["entries without members", [{}, {}, {}]],
  ["members of wrong types", [{ f: "1", k: 7, s: [], t: {}, v: 1 }]],
  ["a short key", [{ ...raw(entry(stranger)) as object, k: stranger.publicKey.subarray(1) }]],
  ["a version that is no text", [{ ...raw(entry(stranger)) as object, v: Uint8Array.of(255) }]],
  ["a signature of zeros", [{ ...raw(entry(stranger)) as object, s: new Uint8Array(64) }]],
  ["numbers beyond measure", [{ ...raw(entry(stranger)) as object, t: Number.MAX_SAFE_INTEGER }]],
];

for (const [what, value] of garbage) {
  Deno.test(`an index of garbage (${what}) has no entries, and the next write restores all`, async () => {
    await using world = new World();
    const { ann, user } = await published(world);
    await world.vandalize("hello", SLOT, value);
    const error = await failure(world, user.use("hello"));
    assert.deepEqual([error.code, error.kind], ["NAME_NOT_FOUND", "not-found"]);
    assert.deepEqual(user.state.pins.list(), []);
    // With the publisher's key, the package is still found.
    await world.run(user.resolve(`${formatPublicKey(ann.keys.publicKey)}/hello`));
    const outcomes: unknown[] = [];
    await world.run(ann.keeper.refresh([], (outcome) => outcomes.push(outcome)));
    assert.equal(outcomes.length, 1);
    assert.equal((await world.run(user.use("hello"))).minimal.version, "1.0.0");
  });
}

for (
  const [what, bad, why] of [
    ["signed for another name", entry(stranger, {}, "goodbye"), "bad-signature"],
    [
      "signed by another key",
      { ...entry(keysOfSlot(SLOT, 97)), publicKey: stranger.publicKey },
      "bad-signature",
    ],
    ["of another slot", entry(keysOfSlot(SLOT + 1, 97)), "wrong-slot"],
    [
      "first seen in a year",
      entry(stranger, { firstSeenMs: NOON + 365 * DAY_MS, timestampMs: NOON + 365 * DAY_MS }),
      "an impossible time",
    ],
    [
      "signed in an hour",
      entry(stranger, { timestampMs: NOON + HOUR_MS }),
      "an impossible time",
    ],
    [
      "first seen before libreseed was",
      entry(stranger, { firstSeenMs: Date.UTC(2025, 11, 31, 23, 59) }),
      "an impossible time",
    ],
    ["first seen in 1970", entry(stranger, { firstSeenMs: 0 }), "an impossible time"],
  ] as [string, NameIndexEntry, string][]
) {
  Deno.test(`an entry ${what} is dropped and reported, and the valid entries stay`, async () => {
    await using world = new World();
    const { ann, user } = await published(world);
    const good = ann.keeper.entry("hello", ann.keys.publicKey)!;
    await world.vandalize("hello", SLOT, [raw(bad), raw(good)]);
    const resolved = await world.run(user.resolve("hello"));
    assert.deepEqual(resolved.publicKey, ann.keys.publicKey);
    const named = user.details.filter((text) => text.includes(formatPublicKey(bad.publicKey)));
    assert.equal(named.length, 1, user.details.join("\n"));
    assert(named[0]!.endsWith(`: ${why}`), named[0]);
    // The invalid entry was dropped when the index was read. The publisher's home writes the index
    // without the invalid entry.
    await world.run(ann.keeper.refresh([], () => {}));
    const { entries, dropped } = await world.run(readNameIndex(user.store, "hello", world.clock));
    assert.deepEqual([entries.length, dropped], [1, []]);
  });
}

Deno.test("an entry of a clock ten minutes off is accepted", async () => {
  await using world = new World();
  const late = entry(stranger, { timestampMs: NOON + 9 * 60_000 });
  await world.vandalize("hello", SLOT, [raw(late)]);
  assert.equal(
    (await world.run(readNameIndex(world.store(), "hello", world.clock))).entries.length,
    1,
  );
});

Deno.test("10,000 valid entries of one hostile machine do not displace earlier publishers, in 1,000 bytes", async () => {
  await using world = new World();
  const { ann, user } = await published(world);
  await world.clock.advance(HOUR_MS);
  const { clock } = world;
  const later = { firstSeenMs: clock.now(), timestampMs: clock.now() };
  const slots: NameIndexEntry[][] = [[], [], [], []];
  for (let i = 0; i < 10_000; i++) {
    const keys = generateKeyPair();
    slots[nameIndexSlot(keys.publicKey)]!.push(entry(keys, later));
  }
  for (const [slot, sybils] of slots.entries()) {
    const { entries } = await world.run(
      writeNameIndex(world.store(), "hello", slot, sybils, { clock }),
    );
    assert(entries.length >= 6 && encodeNameIndex(entries).length <= 1_000);
    if (slot === SLOT) assert(keysOf(entries).includes(toHex(ann.keys.publicKey)));
  }
  assert.deepEqual((await world.run(user.resolve("hello"))).publicKey, ann.keys.publicKey);
  // A new publisher cannot enter the full index and gets a warning. With its key, its package is
  // found.
  await world.clock.advance(HOUR_MS);
  const bob = await world.home();
  await world.run(bob.publish("hello", "3.0.0"));
  assert.match(bob.warnings.join("\n"), /the index of hello is full/);
  await world.run(user.resolve(`${formatPublicKey(bob.keys.publicKey)}/hello`));
});

Deno.test("backdated entries displace a slot; pins still protect earlier users, and the key finds the package", async () => {
  await using world = new World();
  const { ann, user } = await published(world);
  await world.run(user.use("hello"));
  const liars = Array.from(
    { length: 6 },
    (_, i) =>
      entry(keysOfSlot(SLOT, 100 + i), { firstSeenMs: Date.UTC(2026, 0, 1), timestampMs: NOON }),
  );
  await world.run(
    writeNameIndex(world.store(), "hello", SLOT, liars, { clock: world.clock }),
  );
  assert(!keysOf(await world.run(user.entries("hello"))).includes(toHex(ann.keys.publicKey)));
  // A home that has pinned Ann resolves the name as before.
  assert.deepEqual((await world.run(user.use("hello"))).publicKey, ann.keys.publicKey);
  // A new home gets an error. It pins none of the attackers, because they have no package.
  const newcomer = await world.home();
  assert.equal((await failure(world, newcomer.use("hello"))).kind, "not-found");
  assert.deepEqual(newcomer.state.pins.list(), []);
  const spec = `${formatPublicKey(ann.keys.publicKey)}/hello`;
  assert.equal((await world.run(newcomer.use(spec))).minimal.version, "1.0.0");
  // Ann's home keeps her entry locally, so the entry returns to the index once the attackers stop.
  await world.run(ann.keeper.refresh([], () => {}));
  assert.deepEqual(ann.keeper.entry("hello", ann.keys.publicKey)!.publicKey, ann.keys.publicKey);
});

Deno.test("a publisher whose entry was displaced writes the same entry again", async () => {
  await using world = new World();
  const { ann, user } = await published(world);
  await world.clock.advance(3 * HOUR_MS);
  await world.vandalize("hello", SLOT, junk);
  await world.run(ann.publish("hello", "1.1.0"));
  const [own] = await world.run(user.entries("hello"));
  assert.equal(own!.version, "1.1.0");
  assert(own!.firstSeenMs < NOON + HOUR_MS, "it has been there since before the vandal came");
});

Deno.test("publishing an older version later keeps the higher version in the entry", async () => {
  await using world = new World();
  const { ann, user } = await published(world);
  await world.clock.advance(HOUR_MS);
  await world.run(ann.publish("hello", "0.9.0"));
  assert.equal((await world.run(user.entries("hello")))[0]!.version, "1.0.0");
});

Deno.test("publishing into an index locked for today succeeds with a warning, and tomorrow the name is listed", async () => {
  // Items live for two days, so that records other than the index stay in the nodes without being
  // announced again.
  await using world = new World({ items: { lifeMs: 2 * DAY_MS } });
  await world.vandalize("hello", SLOT, junk, { seq: LOCK });
  const ann = await world.home(SLOT);
  const user = await world.home();
  await world.run(ann.publish("hello", "1.0.0"));
  assert.equal(ann.warnings.length, 1);
  assert.match(
    ann.warnings[0]!,
    /the slot of this publisher in the index of hello is locked: .* only while a daemon/,
  );
  assert.equal((await failure(world, user.resolve("hello"))).code, "NAME_NOT_FOUND");
  const spec = `${formatPublicKey(ann.keys.publicKey)}/hello@^1.0`;
  assert.equal((await world.run(user.resolve(spec))).minimal.version, "1.0.0");
  // `announce` reports that the attacker has locked the index with the maximum sequence number.
  const outcomes: { error?: { code?: string } }[] = [];
  const refresh = () =>
    world.run(ann.keeper.refresh([], (outcome) => outcomes.push(outcome as never)));
  await refresh();
  assert.equal(outcomes[0]!.error!.code, "NAME_INDEX_LOCKED");
  // The daemon tells of the locked index once, and goes on trying.
  ann.warnings.length = 0;
  ann.keeper.start();
  await world.clock.advance(11 * HOUR_MS);
  assert.equal(ann.warnings.length, 1);
  assert.match(ann.warnings[0]!, /^Slot 1 of the index of hello is locked: .*rendezvous/);
  ann.warnings.length = 0;
  await world.clock.advance(HOUR_MS + 15 * 60_000 + 60_000);
  assert.deepEqual(ann.warnings, []);
  assert.equal((await world.run(user.use("hello"))).minimal.version, "1.0.0");
});

Deno.test("after a lock and a restart, the home lists the name tomorrow without its publisher", async () => {
  await using world = new World();
  await world.vandalize("hello", SLOT, [], { seq: LOCK - 1 });
  const { ann, user } = await published(world);
  // The first publish has used the only sequence number above the attacker's, so the second publish
  // finds the index locked.
  assert.equal((await world.run(user.use("hello"))).minimal.version, "1.0.0");
  await world.clock.advance(60_000);
  await world.run(ann.publish("hello", "1.1.0"));
  assert.match(ann.warnings.join("\n"), /locked/);
  const keeper = ann.newKeeper();
  keeper.start();
  await world.clock.advance(13 * HOUR_MS);
  const [own] = await world.run(user.entries("hello"));
  assert.equal(own!.version, "1.1.0");
  await world.run(keeper.stop());
});

Deno.test("an attacker who puts the valid list with the largest seq only keeps it alive", async () => {
  await using world = new World();
  const { ann, user } = await published(world);
  const good = ann.keeper.entry("hello", ann.keys.publicKey)!;
  await world.vandalize("hello", SLOT, [raw(good)], { seq: LOCK });
  const outcomes: { error?: unknown }[] = [];
  await world.run(ann.keeper.refresh([], (outcome) => outcomes.push(outcome as never)));
  assert.deepEqual(outcomes.map(({ error }) => error), [undefined]);
  await world.run(user.use("hello"));
});

Deno.test("a lock opens as soon as the nodes have forgotten the attacker's record, not at midnight", async () => {
  await using world = new World();
  await world.vandalize("hello", SLOT, junk, { seq: LOCK });
  const ann = await world.home(SLOT);
  await world.run(ann.publish("hello", "1.0.0"));
  ann.keeper.start();
  // Nodes forget after two hours what nobody puts again, and the keeper tries each hour.
  await world.clock.advance(4 * HOUR_MS);
  assert.deepEqual(keysOf(await world.run(ann.entries("hello"))), [toHex(ann.keys.publicKey)]);
});

Deno.test("publishing into a locked index, or a full one, is no warning where a daemon can be met", async () => {
  await using world = new World();
  await world.vandalize("hello", SLOT, junk, { seq: LOCK });
  const ann = await world.home(SLOT);
  ann.isDaemon = true;
  await world.run(ann.publish("hello", "1.0.0"));
  assert.deepEqual(ann.warnings, []);
  assert.match(ann.notices.join("\n"), /locked: readers find hello at its rendezvous/);
  for (let i = 0; i < 7; i++) {
    const early = { firstSeenMs: Date.UTC(2026, 0, 1), timestampMs: NOON };
    await world.run(ann.keeper.add("full", entry(keysOfSlot(SLOT, 100 + i), early, "full")));
  }
  await world.run(ann.publish("full", "1.0.0"));
  assert.deepEqual(ann.warnings, []);
  assert.match(
    ann.notices.join("\n"),
    /index of full is full .*: readers find full at its rendezv/,
  );
});

Deno.test("a mirror adopts the entry of a locked name from another mirror", async () => {
  await using world = new World();
  const { ann } = await published(world);
  const kept = ann.keeper.entry("hello", ann.keys.publicKey)!;
  await world.vandalize("hello", SLOT, junk, { seq: LOCK });
  const mirror = await world.home();
  const { publicKey } = ann.keys;
  assert.equal(await world.run(mirror.keeper.adopt("hello", publicKey)), false);
  mirror.rendezvous.meet("hello", { answer: { entries: [kept] } });
  assert.equal(await world.run(mirror.keeper.adopt("hello", publicKey)), true);
  assert.deepEqual(mirror.keeper.entry("hello", publicKey), kept);
});
