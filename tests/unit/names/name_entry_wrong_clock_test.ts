/**
 * Publishers whose clock was wrong for a while: the next publish replaces entries and records with
 * wrong times.
 *
 * @module
 */

import assert from "node:assert/strict";
import { bdecode, type BValue } from "../../../src/bencode/mod.ts";
import { keyPairFromSeed } from "../../../src/identity/mod.ts";
import { describeFutureEntries, EntryTimes } from "../../../src/names/mod.ts";
import {
  announceSalt,
  dayOf,
  decodeAnnounceRecord,
  nameIndexKeyPair,
  nameIndexSalt,
  signNameIndexEntry,
} from "../../../src/records/mod.ts";
import { keysOfSlot, NamesHome } from "../../support/names_home.ts";
import { failure, World } from "../../support/names_world.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;

/** Makes a publisher with a wrong clock, in a simulated network with the right time. */
async function publisher(world: World, offsetMs: number) {
  const wrong = { offsetMs };
  const { wholeClock } = world;
  const clock = { ...wholeClock, now: () => wholeClock.now() + wrong.offsetMs };
  const home = await NamesHome.open(world.manager(), clock, keysOfSlot(2));
  return {
    home,
    setRight: () => wrong.offsetMs = 0,
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

for (
  const [what, offsetMs] of [
    ["an hour ahead", HOUR_MS],
    ["a month ahead", 30 * DAY_MS],
    ["ten years ahead", 10 * YEAR_MS],
    ["at 1970", -56 * YEAR_MS],
  ] as const
) {
  Deno.test(`after a publish with the clock ${what}, the next one makes the package findable by name`, async () => {
    await using world = new World();
    await using ann = await publisher(world, offsetMs);
    await world.run(ann.home.publish("hello", "1.0.0"));
    ann.setRight();
    await world.run(ann.home.publish("hello", "1.0.1"));
    const reader = await world.home();
    const entries = await world.run(reader.entries("hello"));
    assert.deepEqual(entries.map(({ version }) => version), ["1.0.1"]);
    const [{ timestampMs, firstSeenMs }] = entries as [typeof entries[0]];
    const nowMs = world.clock.now();
    assert(firstSeenMs <= timestampMs && timestampMs <= nowMs, `${timestampMs} at ${nowMs}`);
    const { minimal } = await world.run(reader.resolve("hello"));
    assert.equal(minimal.version, "1.0.1");
  });

  Deno.test(`after a publish with the clock ${what}, publishing the same version again makes it findable, too`, async () => {
    await using world = new World();
    await using ann = await publisher(world, offsetMs);
    await world.run(ann.home.publish("hello", "1.0.0"));
    ann.setRight();
    await world.run(ann.home.index(ann.home.minimal("hello", "1.0.0")));
    const reader = await world.home();
    const entries = await world.run(reader.entries("hello"));
    assert.deepEqual(entries.map(({ version }) => version), ["1.0.0"]);
  });
}

Deno.test("a clock minutes ahead is tolerated: the newer entry follows the older one's time", async () => {
  await using world = new World();
  await using ann = await publisher(world, 5 * MINUTE_MS);
  await world.run(ann.home.publish("hello", "1.0.0"));
  const aheadMs = world.clock.now() + 4 * MINUTE_MS;
  ann.setRight();
  await world.run(ann.home.publish("hello", "1.0.1"));
  const [entry] = await world.run((await world.home()).entries("hello"));
  assert.equal(entry?.version, "1.0.1");
  assert(entry.timestampMs > aheadMs, "it would have lost against the entry before");
});

Deno.test("the version of an entry with a wrong time is kept if an older version is published next", async () => {
  await using world = new World();
  await using ann = await publisher(world, YEAR_MS);
  await world.run(ann.home.publish("hello", "2.0.0"));
  ann.setRight();
  await world.run(ann.home.publish("hello", "1.9.9"));
  const [entry] = await world.run((await world.home()).entries("hello"));
  assert.equal(entry?.version, "2.0.0");
});

Deno.test("an announce record dated by a clock ahead is signed again with the right time and a higher seq", async () => {
  await using world = new World();
  await using ann = await publisher(world, YEAR_MS);
  await world.run(ann.home.publish("hello", "1.0.0"));
  const { publicKey } = ann.home.keys;
  const list = { publicKey, salt: announceSalt(publicKey) };
  const before = (await world.run(ann.home.manager.get(list))).item!;
  ann.setRight();
  await world.run(ann.home.publish("hello", "1.0.0"));
  const after = (await world.run(ann.home.manager.get(list))).item!;
  assert.equal(after.seq, before.seq + 1);
  assert(decodeAnnounceRecord(after.value).timestampMs <= world.clock.now());
});

Deno.test("a kept entry dated in the future is not written, and the keeper warns once an interval", async () => {
  await using world = new World();
  await using ann = await publisher(world, YEAR_MS);
  await world.run(ann.home.publish("hello", "1.0.0"));
  ann.setRight();
  const { keeper } = ann.home;
  const outcomes: unknown[] = [];
  await world.run(keeper.refresh(["hello"], (outcome) => outcomes.push(outcome)));
  const [{ error }] = outcomes as [{ error: { code: string; message: string } }];
  assert.equal(error.code, "ENTRY_TIME_WRONG");
  assert.match(error.message, /libreseed publish/);
  assert.deepEqual(world.seqs("hello", 2), []);
  const again = ann.home.newKeeper();
  again.start();
  await world.clock.advance(3 * HOUR_MS);
  await world.run(again.stop());
  const { warnings } = ann.home;
  const atStart = warnings.filter((one) => one.startsWith("readers do not find hello by name"));
  const ofWrites = warnings.filter((one) => /signed by a wrong clock/.test(one));
  assert.equal(atStart.length + ofWrites.length, warnings.length, warnings.join("\n"));
  assert.equal(atStart.length, 1);
  assert(
    ofWrites.length >= 2 && ofWrites.length <= 4,
    `${ofWrites.length} warnings of writes in three hours`,
  );
});

Deno.test("a starting daemon warns of kept entries dated in the future, until a publish replaces them", async () => {
  await using world = new World();
  await using ann = await publisher(world, 3 * DAY_MS);
  await world.run(ann.home.publish("hello", "1.0.0"));
  await world.run(ann.home.publish("other", "1.0.0"));
  ann.setRight();
  const first = ann.home.newKeeper();
  first.start();
  assert.match(
    ann.home.warnings[0]!,
    /^readers do not find hello, other by name: .*dated in the future .*`libreseed publish` again/,
  );
  await world.run(first.stop());
  for (const name of ["hello", "other"]) await world.run(ann.home.publish(name, "1.0.0"));
  ann.home.warnings.length = 0;
  const second = ann.home.newKeeper();
  second.start();
  await world.run(second.stop());
  assert.deepEqual(ann.home.warnings, []);
});

Deno.test("renewing an index whose seq is in the future raises the seq", async () => {
  await using world = new World({ items: { verify: false } });
  const home = await world.home(2);
  await world.run(home.publish("hello", "1.0.0"));
  const [entry] = await world.run(home.entries("hello"));
  const aheadMs = world.clock.now() + YEAR_MS;
  const { item } = await world.run(home.manager.get({
    publicKey: nameIndexKeyPair("hello", dayOf(world.clock.now())).publicKey,
    salt: nameIndexSalt("hello", 2),
  }));
  await world.vandalize("hello", 2, bdecode(item!.value) as BValue, { seq: aheadMs });
  await world.run(home.keeper.add("hello", entry!));
  assert(
    world.seqs("hello", 2).every((seq) => seq === aheadMs + 1),
    "put again under the same seq",
  );
});

Deno.test("a home whose clock is a day behind finds the name only once the clock is right", async () => {
  await using world = new World();
  const bob = await world.home(1);
  await world.run(bob.publish("hello", "1.0.0"));
  await using late = await publisher(world, -DAY_MS);
  const error = await failure(world, late.home.resolve("hello"));
  assert.deepEqual([error.code, error.kind], ["NAME_NOT_FOUND", "not-found"]);
  assert.match(error.message, /by this machine's clock it is 2026-05-31; if that is wrong, set/);
  late.setRight();
  assert.equal((await world.run(late.home.resolve("hello"))).minimal.version, "1.0.0");
});

Deno.test("a home whose clock is days ahead does not find the name, and the error has the date and names doctor", async () => {
  await using world = new World();
  const bob = await world.home(1);
  await world.run(bob.publish("hello", "1.0.0"));
  for (const [days, date] of [[3, "2026-06-04"], [200, "2026-12-18"]] as const) {
    await using ahead = await publisher(world, days * DAY_MS);
    const error = await failure(world, ahead.home.resolve("hello"));
    assert.deepEqual([error.code, error.kind], ["NAME_NOT_FOUND", "not-found"]);
    assert.doesNotMatch(error.message, /Nobody publishes/);
    assert.match(
      error.message,
      new RegExp(`by this machine's clock it is ${date}; if that is wrong, set .*libreseed doctor`),
    );
  }
});

Deno.test("a home whose clock is hours behind reports entries left out as dated in the future", async () => {
  await using world = new World();
  const bob = await world.home(1);
  await world.run(bob.publish("hello", "1.0.0"));
  await using late = await publisher(world, -3 * HOUR_MS);
  const error = await failure(world, late.home.resolve("hello"));
  assert.deepEqual([error.code, error.kind], ["NAME_NOT_FOUND", "not-found"]);
  assert.match(
    error.message,
    /1 entry was left out as dated in the future\. By this machine's clock it is 2026-06-01T08:/,
  );
});

Deno.test("a kept entry whose time is no date is named in a warning, beside sound ones", async () => {
  await using world = new World();
  const keys = keyPairFromSeed(new Uint8Array(32).fill(9));
  const nowMs = world.clock.now();
  const signed = (timestampMs: number) =>
    signNameIndexEntry(keys, "hello", { version: "1.0.0", firstSeenMs: nowMs, timestampMs });
  const warnings: string[] = [];
  const times = new EntryTimes(world.clock, (message) => warnings.push(message));
  times.check("hello", [await signed(nowMs), await signed(Number.MAX_SAFE_INTEGER)]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /signed 9007199254740991, first seen \d{4}-/);
  const future = [{ name: "hello", publicKey: keys.publicKey, signedMs: Number.MAX_SAFE_INTEGER }];
  assert.match(describeFutureEntries(future, nowMs).what, /\(9007199254740991, and it is /);
});
