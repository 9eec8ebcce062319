/** Simulates what mirrors announce, each for hours with thousands of versions. */

import assert from "node:assert/strict";
import { toHex } from "../../../../src/base/mod.ts";
import { nameRendezvous } from "../../../../src/records/mod.ts";
import {
  anHour,
  AnnouncingWorld,
  DAY_MS,
  HOUR_MS,
  infoHashOf,
  versions,
} from "./announcing_world.ts";

Deno.test("a mirror among 85 announces three names of a hundred, and gives no turns", async () => {
  await using world = await AnnouncingWorld.open();
  for (let i = 0; i < 100; i++) world.add(`p${i}`, versions(100), { own: false });
  world.networks = 85;
  await world.start();
  await world.clock.advance(3 * HOUR_MS);
  const fromMs = world.clock.now();
  await world.clock.advance(10 * HOUR_MS);
  const { packets } = world.since(fromMs);
  // Without name indexes. The draw gives each home another number of names; on average it is 3.5.
  const names = world.places.length - 1;
  assert.ok(names < 12, `${names}`);
  assert.ok(packets / 10 <= 110 + names * 95, `${packets / 10} for ${names} names`);
  assert.ok(world.announcing.status!.unannounced >= 9_988);
});

Deno.test("mirrors together keep each name, about three times", async () => {
  const keeping = new Map<string, number>();
  const homes = 25;
  for (let home = 0; home < homes; home++) {
    await using world = await AnnouncingWorld.open();
    for (let i = 0; i < 20; i++) world.add(`p${i}`, versions(40), { own: false });
    world.networks = homes;
    await world.start();
    await world.clock.advance(2 * HOUR_MS);
    for (let i = 0; i < 20; i++) {
      const isKept = world.places.includes(toHex(nameRendezvous(`p${i}`)));
      keeping.set(`p${i}`, (keeping.get(`p${i}`) ?? 0) + Number(isKept));
    }
  }
  const mean = [...keeping.values()].reduce((sum, one) => sum + one, 0) / keeping.size;
  assert.ok(mean > 1.8 && mean < 4.5, `${mean}`);
});

Deno.test("the only mirror announces as the publisher does, also what has no record", async () => {
  await using world = await AnnouncingWorld.open();
  for (let i = 0; i < 50; i++) world.add(`p${i}`, versions(40), { own: false });
  world.add("bare", versions(10), { own: false, hasRecord: false });
  const packets = await anHour(world);
  assert.ok(packets > 17_000 && packets <= 18_700, `${packets}`);
  await world.clock.advance(DAY_MS / 2);
  assert.ok(world.timesOf(infoHashOf("bare", "1.3.0")).length > 0);
});
