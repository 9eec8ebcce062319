import assert from "node:assert/strict";
import { fromHex, toHex } from "../../../../src/base/mod.ts";
import { nameRendezvous, publisherRendezvous } from "../../../../src/records/mod.ts";
import {
  anHour,
  AnnouncingWorld,
  HOUR_MS,
  infoHashOf,
  keys,
  recordIdOf,
  versions,
} from "./announcing_world.ts";

/** A publisher with some names, each with some versions. */
async function publisher(names: number, each: number): Promise<AnnouncingWorld> {
  const world = await AnnouncingWorld.open();
  for (let i = 0; i < names; i++) world.add(`p${i}`, versions(each));
  return world;
}

Deno.test("within the budget every version is announced individually, as are the rendezvous", async () => {
  await using world = await publisher(2, 5);
  await anHour(world);
  for (const version of versions(5)) {
    for (const name of ["p0", "p1"]) {
      assert.ok(world.timesOf(infoHashOf(name, version)).length >= 6, `${name}@${version}`);
      assert.ok(world.timesOf(recordIdOf(name, version)).length >= 3, `${name}@${version}`);
    }
  }
  const rendezvous = [
    publisherRendezvous(keys.publicKey),
    nameRendezvous("p0"),
    nameRendezvous("p1"),
  ];
  assert.deepEqual(new Set(world.places), new Set(rendezvous.map(toHex)));
  assert.equal(world.announcing.status!.unannounced, 0);
  assert.deepEqual(world.warnings, []);
});

Deno.test("beyond the budget, an hour's packets keep to it and do not grow with versions", async () => {
  const packets: number[] = [];
  const kept: number[] = [];
  for (const each of [20, 200]) {
    await using world = await publisher(50, each);
    packets.push(await anHour(world));
    kept.push(world.schedule.counts().kept);
    assert.equal(world.announcing.status!.packets, 20_000);
    assert.deepEqual(world.warnings, []);
  }
  // The index of 50 names takes 1,440 packets of the budget of 20,000.
  for (const one of packets) assert.ok(one > 17_000 && one <= 18_700, `${packets}`);
  // The schedule holds no version that waits for its turn, only those that have it just now.
  for (const one of kept) assert.ok(one < 250, `${kept}`);
});

Deno.test("the budget is kept to where announcing a record takes twice as much", async () => {
  await using world = await publisher(50, 100);
  world.recordPackets = 24;
  await world.start();
  await world.clock.advance(6 * HOUR_MS);
  const fromMs = world.clock.now();
  await world.clock.advance(HOUR_MS);
  const { packets } = world.since(fromMs);
  assert.ok(packets > 17_000 && packets <= 18_900, `${packets}`);
});

Deno.test("the newest version of each package is announced regularly, the others in turn", async () => {
  await using world = await publisher(10, 100);
  world.budget = 5_000;
  await world.start();
  await world.clock.advance(20 * HOUR_MS);
  assert.ok(world.timesOf(infoHashOf("p3", "1.99.0")).length > 40);
  assert.ok(world.timesOf(recordIdOf("p3", "1.99.0")).length > 20);
  const older = Array.from({ length: 99 }, (_, i) => world.timesOf(infoHashOf("p3", `1.${i}.0`)));
  const counts = new Set(older.map(({ length }) => length));
  // Each had its turn as often as any other.
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${[...counts]}`);
  assert.ok(Math.min(...counts) >= 1);
  // Record and torrent have their turn together.
  const [times, ofRecord] = [
    world.timesOf(infoHashOf("p3", "1.5.0")),
    world.timesOf(recordIdOf("p3", "1.5.0")),
  ];
  assert.deepEqual(times, ofRecord);
});

Deno.test("the turns go on after a restart where they were", async () => {
  await using world = await publisher(10, 100);
  world.budget = 2_500;
  await world.start();
  await world.clock.advance(5 * HOUR_MS);
  const older = versions(99).flatMap((version) =>
    Array.from({ length: 10 }, (_, i) => infoHashOf(`p${i}`, version))
  );
  const had = () => older.filter((infoHashHex) => world.timesOf(infoHashHex).length > 0);
  const before = had();
  assert.ok(before.length > 100 && before.length < 400, `${before.length}`);
  await world.stop();
  await world.start();
  await world.clock.advance(5 * HOUR_MS);
  for (const infoHashHex of before) assert.equal(world.timesOf(infoHashHex).length, 1);
  assert.ok(had().length > before.length + 100);
});

Deno.test("a version that was asked for is announced individually for a day, across restarts", async () => {
  await using world = await publisher(10, 100);
  world.budget = 3_000;
  await world.start();
  await world.clock.advance(HOUR_MS);
  const [infoHashHex, id] = [infoHashOf("p3", "1.5.0"), recordIdOf("p3", "1.5.0")];
  world.announcing.noteAsked(infoHashHex);
  const askedMs = world.clock.now();
  await world.clock.advance(4 * HOUR_MS);
  const isBetween = (from: number, to: number) => (atMs: number) => atMs >= from && atMs < to;
  const first = isBetween(askedMs, askedMs + 4 * HOUR_MS);
  assert.ok(world.timesOf(infoHashHex).filter(first).length >= 8);
  assert.ok(world.timesOf(id).filter(first).length >= 4);
  assert.ok(world.announcing.isFindable(infoHashHex));
  await world.stop();
  await world.start();
  await world.clock.advance(18 * HOUR_MS);
  const second = isBetween(askedMs + 5 * HOUR_MS, askedMs + 22 * HOUR_MS);
  assert.ok(world.timesOf(infoHashHex).filter(second).length >= 34);
  await world.clock.advance(4 * HOUR_MS);
  const fromMs = world.clock.now();
  await world.clock.advance(8 * HOUR_MS);
  assert.ok(world.timesOf(infoHashHex).filter((atMs) => atMs > fromMs).length <= 2);
});

Deno.test("a version that was asked for stays where the clock is set back", async () => {
  await using world = await publisher(10, 100);
  world.budget = 3_000;
  await world.start();
  await world.clock.advance(HOUR_MS);
  const infoHashHex = infoHashOf("p3", "1.5.0");
  world.announcing.noteAsked(infoHashHex);
  await world.clock.advance(10_000);
  world.clock.jump(-HOUR_MS);
  await world.clock.advance(HOUR_MS);
  const fromMs = world.clock.now();
  await world.clock.advance(2 * HOUR_MS);
  assert.ok(world.timesOf(infoHashHex).filter((atMs) => atMs > fromMs).length >= 4);
});

Deno.test("the question of a peer for one version brings it back", async () => {
  await using world = await publisher(10, 100);
  await world.start();
  const question = { publicKey: keys.publicKey, name: "p3", version: "1.7.0" };
  world.announcing.noteQuestion({ kind: "manifest", ...question });
  world.announcing.noteQuestion({ kind: "manifest", ...question, publicKey: new Uint8Array(32) });
  world.announcing.noteQuestion({ kind: "name", name: "p3" });
  await world.clock.advance(2 * HOUR_MS);
  assert.ok(world.timesOf(infoHashOf("p3", "1.7.0")).length >= 4);
});

Deno.test("what was published in the last day is announced individually, what was only copied is not", async () => {
  await using world = await publisher(10, 100);
  const nowMs = world.clock.now();
  world.add("p3", ["0.1.0"], { atMs: nowMs - HOUR_MS });
  // A new file of an old version.
  world.add("p4", ["0.1.0"], { atMs: 0 });
  const identity = { sizeBytes: 1, mtimeMs: nowMs, inode: 1 };
  world.state.verifiedFiles.remember("/seed/p4-0.1.0.tgz", identity, {
    sha256: new Uint8Array(32),
    infoHash: fromHex(infoHashOf("p4", "0.1.0"))!,
  }, {
    ...{ text: world.state.announcing.manifestOf(keys.publicKey)!, mark: "m" },
    ...{ name: "p4", version: "0.1.0", publicKey: keys.publicKey },
  });
  await world.start();
  await world.clock.advance(3 * HOUR_MS);
  assert.ok(world.timesOf(infoHashOf("p3", "0.1.0")).length >= 6);
  assert.ok(world.timesOf(infoHashOf("p4", "0.1.0")).length <= 2);
});

Deno.test("a larger budget has everything announced again, a smaller one less", async () => {
  await using world = await publisher(10, 100);
  await world.start();
  assert.ok(world.announcing.status!.unannounced > 900);
  world.budget = 1_000_000;
  world.announcing.changed();
  await world.clock.advance(HOUR_MS);
  assert.equal(world.announcing.status!.unannounced, 0);
  const fromMs = world.clock.now();
  await world.clock.advance(HOUR_MS);
  const ids = new Set(world.made.filter(({ atMs }) => atMs > fromMs).map(({ idHex }) => idHex));
  assert.ok(ids.size >= 2_000, `${ids.size}`);
  world.budget = 20_000;
  world.announcing.changed();
  await world.clock.advance(HOUR_MS);
  assert.ok(world.schedule.counts().kept < 600);
});

Deno.test("without the DHT no turns pile up", async () => {
  await using world = await publisher(10, 100);
  world.hasDht = false;
  await world.start();
  const before = world.schedule.counts().kept;
  await world.clock.advance(5 * HOUR_MS);
  assert.ok(world.schedule.counts().kept <= before);
});

Deno.test("archives that were seeded before cause no new plan, others do", async () => {
  for (const each of [2, 500]) {
    await using world = await publisher(2, each);
    await world.start();
    const { timers } = world.clock;
    const isSelection = !world.announcing.announcesAll;
    assert.equal(isSelection, each > 2);
    const old = infoHashOf("p0", "1.0.0");
    assert.equal(world.announcing.announces(old, true), !isSelection);
    assert.equal(world.clock.timers, timers);
    assert.equal(world.announcing.announces(infoHashOf("new", "1.0.0")), !isSelection);
    assert.equal(world.clock.timers, timers + 1);
  }
});

Deno.test("a plan follows a change within two seconds, or in a hundred times what the last one took", async () => {
  for (const [tookMs, pauseMs] of [[0, 2_000], [50, 5_000], [5_000, 30_000]] as const) {
    await using world = await publisher(1, 1);
    let plans = 0;
    const { budget } = world;
    Object.defineProperty(world, "budget", {
      get() {
        plans++;
        world.clock.jump(tookMs);
        return budget;
      },
    });
    await world.start();
    plans = 0;
    world.announcing.changed();
    await world.clock.advance(pauseMs - tookMs - 10);
    assert.equal(plans, 0, `${tookMs} ms`);
    await world.clock.advance(20);
    assert.equal(plans, 1, `${tookMs} ms`);
  }
});
