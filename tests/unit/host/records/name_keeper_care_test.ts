/**
 * How often mirrors look at the index of a name, and when they write it, on a fake clock.
 *
 * @module
 */

import assert from "node:assert/strict";
import { toHex } from "../../../../src/base/mod.ts";
import { indexTarget } from "../../../../src/host/records/name_rows.ts";
import type { NameCare } from "../../../../src/host/records/name_schedule.ts";
import { dayOf, nameIndexSlot } from "../../../../src/records/mod.ts";
import { keysOfSlot, type NamesHome } from "../../../support/names_home.ts";
import { World } from "../../../support/names_world.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const INTERVAL_MS = 50 * MINUTE_MS;

/** A publisher with a name, and mirrors that have adopted the name. */
async function mirrored(world: World, cares: NameCare[]) {
  const ann = await world.home(keysOfSlot(1));
  ann.intervalMs = INTERVAL_MS;
  await world.run(ann.publish("hello", "1.0.0"));
  ann.keeper.start();
  const mirrors: NamesHome[] = [];
  for (const [i, care] of cares.entries()) {
    const mirror = await world.home(keysOfSlot(2, i));
    mirror.intervalMs = INTERVAL_MS;
    mirror.care = care;
    assert.ok(await world.run(mirror.keeper.adopt("hello", ann.keys.publicKey)));
    mirror.keeper.start();
    mirrors.push(mirror);
  }
  await world.clock.advance(10 * MINUTE_MS);
  return { ann, mirrors };
}

/** Advances the clock. Returns the minutes in which a reader did not find the publisher. */
async function pass(world: World, reader: NamesHome, ms: number): Promise<number> {
  let dark = 0;
  for (let passed = 0; passed < ms; passed += 10 * MINUTE_MS) {
    await world.clock.advance(10 * MINUTE_MS);
    const entries = await world.run(reader.entries("hello"));
    if (entries.length === 0) dark += 10;
  }
  return dark;
}

Deno.test("mirrors look at an index that its publisher keeps, and write nothing", async () => {
  await using world = new World();
  const { ann, mirrors: [keeper, reserve, onlooker] } = await mirrored(world, [
    "keeper",
    "reserve",
    "onlooker",
  ]);
  for (const home of [ann, keeper!, reserve!, onlooker!]) home.packets.length = 0;
  // Not past midnight, when keepers write the new day's index.
  await world.clock.advance(10 * HOUR_MS);
  const looks = (home: NamesHome) => home.packets.length;
  assert.ok(looks(ann) >= 11 && looks(ann) <= 13, `${looks(ann)}`);
  assert.ok(looks(keeper!) >= 11 && looks(keeper!) <= 13, `${looks(keeper!)}`);
  assert.ok(looks(reserve!) >= 5 && looks(reserve!) <= 7, `${looks(reserve!)}`);
  assert.equal(looks(onlooker!), 0);
  const most = (home: NamesHome) => Math.max(...home.packets);
  assert.ok(most(ann) >= 24, `${most(ann)}`);
  for (const home of [keeper!, reserve!]) {
    const writes = home.packets.filter((packets) => packets >= 24).length;
    assert.ok(writes <= 1, `${home.packets}`);
  }
});

for (const care of ["keeper", "reserve"] as const) {
  Deno.test(`a ${care} keeps the name when its publisher has gone`, async () => {
    await using world = new World();
    const { ann, mirrors: [mirror, reader] } = await mirrored(world, [care, "onlooker"]);
    await ann.keeper.stop();
    // The last write of the publisher is fresh for an hour, and a reserve looks every second one.
    await pass(world, reader!, 4 * HOUR_MS);
    assert.equal(await pass(world, reader!, 26 * HOUR_MS), 0);
    const day = mirror!.packets.length;
    assert.ok(day >= 25, `${day}`);
  });
}

Deno.test("of two keepers, the one that found the index old goes on writing it, and the other looks", async () => {
  await using world = new World();
  const { ann, mirrors } = await mirrored(world, ["keeper", "keeper", "onlooker"]);
  await ann.keeper.stop();
  await world.clock.advance(2 * HOUR_MS);
  const [a, b, reader] = mirrors as [NamesHome, NamesHome, NamesHome];
  for (const home of [a, b]) home.packets.length = 0;
  assert.equal(await pass(world, reader, 9 * HOUR_MS), 0);
  const writes = [...a.packets, ...b.packets].filter((packets) => packets >= 24).length;
  const looks = a.packets.length + b.packets.length;
  assert.ok(looks >= 20, `${looks}`);
  assert.ok(writes <= looks * 0.7, `${writes} of ${looks}`);
});

Deno.test("an onlooker finds an index that nobody keeps within three days, and keeps it then", async () => {
  await using world = new World();
  const { ann, mirrors: [mirror] } = await mirrored(world, ["onlooker"]);
  await ann.keeper.stop();
  await world.clock.advance(4 * 24 * HOUR_MS);
  assert.equal(await pass(world, ann, 24 * HOUR_MS), 0);
  assert.ok(mirror!.packets.length >= 25);
});

Deno.test("a mirror that becomes a keeper looks at once, also after a restart", async () => {
  await using world = new World();
  const { mirrors: [mirror] } = await mirrored(world, ["onlooker"]);
  await world.clock.advance(2 * HOUR_MS);
  const before = mirror!.packets.length;
  mirror!.care = "keeper";
  await world.clock.advance(MINUTE_MS);
  assert.equal(mirror!.packets.length, before + 1);
  await mirror!.keeper.stop();
  mirror!.care = "onlooker";
  const restarted = mirror!.newKeeper();
  restarted.start();
  await world.clock.advance(HOUR_MS / 2);
  assert.equal(mirror!.packets.length, before + 1);
  await restarted.stop();
});

Deno.test("an index on too few nodes is written though it is fresh", async () => {
  await using world = new World();
  const { ann, mirrors: [keeper] } = await mirrored(world, ["keeper"]);
  await ann.keeper.stop();
  keeper!.packets.length = 0;
  // Most holders leave.
  const place = { name: "hello", slot: nameIndexSlot(ann.keys.publicKey) };
  const holders = world.dht.holders(toHex(indexTarget(place, dayOf(world.clock.now()))));
  assert.ok(holders.length >= 8);
  for (const node of holders.slice(2)) world.dht.kill(node);
  await world.clock.advance(INTERVAL_MS * 1.2);
  assert.ok(keeper!.packets.some((packets) => packets >= 20), `${keeper!.packets}`);
  const after = world.dht.holders(toHex(indexTarget(place, dayOf(world.clock.now()))));
  assert.ok(after.filter(({ alive }) => alive).length >= 8);
});
