/**
 * Every home that seeds a package renews the index of its name, on a fake clock that passes
 * midnights.
 *
 * @module
 */

import assert from "node:assert/strict";
import { equalBytes, toHex } from "../../../../src/base/mod.ts";
import {
  dayOf,
  decodeNameIndex,
  nameIndexKeyPair,
  nameIndexSalt,
  targetOf,
} from "../../../../src/records/mod.ts";
import { INTERVAL_MS, keysOfSlot, type NamesHome } from "../../../support/names_home.ts";
import { failure, World } from "../../../support/names_world.ts";
import { signedEntry } from "../../../support/signed.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SLOT = 2;

const targets = new Map<string, string>();

function targetHexOf(name: string, day: number): string {
  const id = `${name} ${day}`;
  const known = targets.get(id);
  if (known) return known;
  const { publicKey } = nameIndexKeyPair(name, day);
  const targetHex = toHex(targetOf(publicKey, nameIndexSalt(name, SLOT)));
  targets.set(id, targetHex);
  return targetHex;
}

/** Whether a publisher is listed in the name's index of a past day, on any live node. */
function isListed(world: World, name: string, publicKey: Uint8Array, daysAgo: number): boolean {
  const target = targetHexOf(name, dayOf(world.clock.now()) - daysAgo);
  return world.dht.holders(target).some((node) => {
    const { v } = node.item(target)!;
    return Array.isArray(v) && v.some(({ k }) => equalBytes(k, publicKey));
  });
}

/**
 * Advances the clock, and counts the minutes in which no node has the publisher: `darkToday` for
 * today's index alone, `dark` for today's and yesterday's.
 */
async function pass(world: World, name: string, publicKey: Uint8Array, ms: number) {
  let [dark, darkToday, longestToday, run] = [0, 0, 0, 0];
  for (const untilMs = world.clock.now() + ms; world.clock.now() < untilMs;) {
    await world.clock.advance(MINUTE_MS);
    const today = isListed(world, name, publicKey, 0);
    if (!today) darkToday++;
    run = today ? 0 : run + 1;
    longestToday = Math.max(longestToday, run);
    if (!today && !isListed(world, name, publicKey, 1)) dark++;
  }
  return { dark, darkToday, longestToday };
}

/**
 * Sets up the tests' initial state: Ann publishes and leaves, and a home without Ann's key seeds
 * Ann's package.
 */
async function mirrored(
  world: World,
  name = "hello",
): Promise<{ ann: NamesHome; mirror: NamesHome }> {
  const [ann, mirror] = [await world.home(SLOT), await world.home()];
  await world.run(ann.publish(name, "1.0.0"));
  assert(await world.run(mirror.keeper.adopt(name, ann.keys.publicKey)));
  mirror.keeper.start();
  return { ann, mirror };
}

for (
  const [what, options, churnMs] of [
    ["that forget after two hours what is not put again", {}, 0],
    ["that do not take the same seq again", { items: { refresh: false } }, 0],
    ["that live four hours, and packets that get lost", { loss: 0.01, nodes: 100 }, 4 * HOUR_MS],
  ] as [string, ConstructorParameters<typeof World>[0], number][]
) {
  Deno.test(`a seeder without the publisher's key keeps the name visible for three days (nodes ${what})`, async () => {
    const items = { ...options?.items, verify: false };
    await using world = new World({ seed: 3, ...options, items });
    const { ann, mirror } = await mirrored(world);
    if (churnMs > 0) world.dht.churn(churnMs);
    const { dark, darkToday } = await pass(world, "hello", ann.keys.publicKey, 3 * DAY_MS);
    assert.equal(dark, 0, "minutes in which a reader finds it in neither day's index");
    // After midnight, the new day's index is empty until a home writes an entry. That takes up to
    // one tick of the keeper, plus the timeouts of queries to dead nodes.
    const midnights = 3;
    assert(
      darkToday <= (churnMs > 0 ? 2 : 1) * midnights,
      `${darkToday} minutes without today's index`,
    );
    assert.deepEqual(mirror.warnings, []);
    const user = await world.home();
    const entries = await world.run(user.entries("hello"));
    assert.deepEqual(entries.map(({ version }) => version), ["1.0.0"]);
  });
}

Deno.test("an overwritten index is restored within an interval", async () => {
  await using world = new World({ items: { verify: false } });
  const { ann } = await mirrored(world);
  for (let round = 0; round < 6; round++) {
    await world.vandalize("hello", SLOT, "nothing here");
    assert(!isListed(world, "hello", ann.keys.publicKey, 0));
    const { longestToday } = await pass(world, "hello", ann.keys.publicKey, 1.5 * HOUR_MS);
    assert(longestToday <= 1.1 * INTERVAL_MS / MINUTE_MS, `${longestToday} minutes`);
  }
});

Deno.test("a seeder of an older version keeps the publisher's newer entry", async () => {
  await using world = new World({ items: { verify: false } });
  const { ann } = await mirrored(world);
  await world.run(ann.publish("hello", "1.1.0"));
  await world.clock.advance(DAY_MS);
  const user = await world.home();
  const entries = await world.run(user.entries("hello"));
  assert.deepEqual(entries.map(({ version }) => version), ["1.1.0"]);
});

Deno.test("one seeder keeps the other publishers' entries in the index", async () => {
  await using world = new World({ items: { verify: false } });
  const bob = await world.home(SLOT);
  await world.run(bob.publish("hello", "7.0.0"));
  await mirrored(world);
  await world.clock.advance(DAY_MS);
  const user = await world.home();
  const entries = await world.run(user.entries("hello"));
  assert.deepEqual(entries.map(({ version }) => version).sort(), ["1.0.0", "7.0.0"]);
});

Deno.test("a seeder that starts after midnight carries the name over from yesterday's index", async () => {
  await using world = new World({ atMs: Date.UTC(2026, 5, 1, 23, 50), items: { verify: false } });
  const ann = await world.home(SLOT);
  await world.run(ann.publish("hello", "1.0.0"));
  await world.clock.advance(HOUR_MS);
  assert(!isListed(world, "hello", ann.keys.publicKey, 0));
  // Today's index is still empty, but a reader finds the publisher in yesterday's index.
  const user = await world.home();
  assert.equal((await world.run(user.resolve("hello"))).minimal.version, "1.0.0");
  const mirror = await world.home();
  assert(await world.run(mirror.keeper.adopt("hello", ann.keys.publicKey)));
  assert(isListed(world, "hello", ann.keys.publicKey, 0));
});

Deno.test("adopt returns false and writes nothing when the index has no entry", async () => {
  await using world = new World();
  const mirror = await world.home();
  const { publicKey } = keysOfSlot(SLOT, 99);
  assert.equal(await world.run(mirror.keeper.adopt("hello", publicKey)), false);
  assert.equal(mirror.keeper.entry("hello", publicKey), undefined);
  const outcomes: unknown[] = [];
  await world.run(mirror.keeper.refresh([], (outcome) => outcomes.push(outcome)));
  assert.deepEqual([outcomes, mirror.state.records.count()], [[], 0]);
});

Deno.test("refresh writes the given names, or all", async () => {
  await using world = new World();
  const ann = await world.home();
  for (const name of ["one", "two", "three"]) await world.run(ann.publish(name, "1.0.0"));
  const refreshed = async (names: string[]) => {
    const seen: string[] = [];
    await world.run(ann.keeper.refresh(names, ({ name }) => seen.push(name)));
    return seen.sort();
  };
  assert.deepEqual(await refreshed([]), ["one", "three", "two"]);
  assert.deepEqual(await refreshed(["two", "four"]), ["two"]);
});

Deno.test("a forgotten name is no longer written until it is added again", async () => {
  await using world = new World({ items: { verify: false } });
  const { ann, mirror } = await mirrored(world);
  mirror.keeper.forget("hello");
  assert.deepEqual(mirror.state.records.list(), []);
  await world.clock.advance(3 * HOUR_MS);
  assert(!isListed(world, "hello", ann.keys.publicKey, 0));
  const user = await world.home();
  assert.equal((await failure(world, user.resolve("hello"))).code, "NAME_NOT_FOUND");
});

Deno.test("state.db holds one row for each index slot and one for each entry, however many days pass", async () => {
  await using world = new World({ items: { verify: false } });
  const { ann, mirror } = await mirrored(world);
  await world.clock.advance(3 * DAY_MS);
  const rows = mirror.state.records.list().map(({ kind, name }) => `${kind} ${name}`);
  assert.deepEqual(rows, ["name-entry hello", "name-index hello"]);
  const [row] = mirror.state.records.list({ kind: "name-index" });
  const { entries } = decodeNameIndex(row!.item.value);
  assert.deepEqual(entries.map(({ publicKey }) => publicKey), [ann.keys.publicKey]);
  assert.equal(mirror.state.outcomes.get(row!.target)!.failures, 0);
});

Deno.test("without a network each name is tried every minute without a warning, and returns with the network", async () => {
  await using world = new World({ items: { verify: false } });
  const { ann, mirror } = await mirrored(world);
  await world.clock.advance(30 * MINUTE_MS);
  const nodes = [...world.dht.nodes];
  for (const node of nodes) node.behave = () => ({ kind: "silent" });
  await world.clock.advance(2.5 * HOUR_MS);
  assert(!isListed(world, "hello", ann.keys.publicKey, 0));
  for (const node of nodes) node.behave = undefined;
  await world.clock.advance(2 * MINUTE_MS);
  assert(isListed(world, "hello", ann.keys.publicKey, 0));
  assert.deepEqual(mirror.warnings, []);
});

Deno.test("stop aborts a running write and keeps the entries", async () => {
  await using world = new World({ items: { verify: false } });
  const { ann, mirror } = await mirrored(world);
  await world.clock.advance(MINUTE_MS);
  for (const node of world.dht.nodes) node.behave = () => ({ kind: "silent" });
  const begunMs = world.clock.now();
  const outcomes: { error?: unknown }[] = [];
  const writing = mirror.keeper.refresh([], (outcome) => outcomes.push(outcome as never));
  await world.run(Promise.all([mirror.keeper.stop(), writing]));
  assert(world.clock.now() - begunMs < 100, `${world.clock.now() - begunMs} ms`);
  assert.equal(outcomes.length, 1);
  assert(outcomes[0]!.error, "nothing was written");
  assert.equal(world.clock.timers, 0);
  assert(mirror.keeper.entry("hello", ann.keys.publicKey));
});

Deno.test("a clock that was hours ahead does not stop the keeper once it is right", async () => {
  await using world = new World({ atMs: Date.UTC(2026, 5, 1, 1), items: { verify: false } });
  const { mirror } = await mirrored(world);
  const lastAttemptMs = () => {
    const [row] = mirror.state.records.list({ kind: "name-index" });
    return mirror.state.outcomes.get(row!.target)!.lastAttemptMs!;
  };
  await world.clock.advance(10 * MINUTE_MS);
  world.clock.jump(10 * HOUR_MS);
  await world.clock.advance(2 * MINUTE_MS);
  assert(lastAttemptMs() > Date.UTC(2026, 5, 1, 11));
  world.clock.jump(-10 * HOUR_MS);
  await world.clock.advance(2 * MINUTE_MS);
  assert(lastAttemptMs() <= world.clock.now());
});

Deno.test("60 names move to the new day within minutes, a few at a time", async () => {
  await using world = new World({
    atMs: Date.UTC(2026, 5, 1, 23, 40),
    nodes: 30,
    items: { verify: false },
  });
  const ann = await world.home(SLOT);
  await world.run(ann.publish("name-0", "1.0.0"));
  const own = ann.keeper.entry("name-0", ann.keys.publicKey)!;
  for (let i = 1; i < 60; i++) {
    await world.run(ann.keeper.add(`name-${i}`, signedEntry(ann.keys, `name-${i}`, own)));
  }
  ann.keeper.start();
  await world.clock.advance(25 * MINUTE_MS);
  const dark = Array.from({ length: 60 }, (_, i) => `name-${i}`)
    .filter((name) => !isListed(world, name, ann.keys.publicKey, 0));
  assert.deepEqual(dark, []);
});

Deno.test("no index is tried without a DHT, and all are written within a minute of its return", async () => {
  await using world = new World();
  const ann = await world.home(SLOT);
  await world.run(ann.publish("hello", "1.0.0"));
  let hasDht = false;
  Object.defineProperty(ann.store, "hasDht", { get: () => hasDht });
  ann.keeper.start();
  const { gets } = ann.manager.stats();
  await world.clock.advance(2 * DAY_MS);
  assert.equal(ann.manager.stats().gets, gets);
  hasDht = true;
  await world.clock.advance(MINUTE_MS);
  assert.ok(isListed(world, "hello", ann.keys.publicKey, 0));
});

Deno.test("a shorter interval applies to names that are announced already", async () => {
  await using world = new World();
  const { mirror } = await mirrored(world);
  const writtenMs = () => mirror.state.records.list({ kind: "name-index" })[0]!.createdMs;
  await world.clock.advance(10 * MINUTE_MS);
  const firstMs = writtenMs();
  await world.clock.advance(20 * MINUTE_MS);
  assert.equal(writtenMs(), firstMs);
  mirror.intervalMs = 15 * MINUTE_MS;
  await world.clock.advance(2 * MINUTE_MS);
  assert(writtenMs() > firstMs);
});
